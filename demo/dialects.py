"""How the software of each outlet names its pages; real sites differ most in this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Decoy:
    """A page that an address and a sitemap pass off as an article, and that is none."""

    path: str
    title: str
    published: datetime


@dataclass(frozen=True, slots=True)
class Dialect:
    """Address patterns, encoding and feed type of one outlet."""

    article: str
    section: str
    more: str
    picture: str
    feed: str
    sitemap: str
    decoy: Decoy
    feed_kind: Literal["rss", "atom"] = "rss"
    sitemap_index: str | None = None
    charset: str = "utf-8"
    html_type: str = "text/html; charset=utf-8"
    first_number: int = 1
    step: int = 1
    standfirst: bool = False

    def article_path(self, slug: str, number: int, published: datetime) -> str:
        """The permalink, from whatever the outlet's pattern makes use of."""
        month = _MONTHS[published.month - 1]
        return self.article.format(slug=slug, number=number, date=published, month=month)

    def section_path(self, slug: str, page: int = 1) -> str:
        """The address of a section's page; the first one bears no number."""
        return self.section.format(slug=slug) + (self.more.format(page=page) if page > 1 else "")


def _decoy(path: str, title: str, published: str) -> Decoy:
    return Decoy(path, title, datetime.fromisoformat(published))


DIALECTS: dict[str, Dialect] = {
    "sahifa-east": Dialect(
        article="/{date:%Y/%m/%d}/{slug}/",
        section="/category/{slug}/",
        more="page/{page}/",
        picture="/wp-content/uploads/2026/11/{name}",
        feed="/feed/",
        sitemap="/news-sitemap.xml",
        decoy=_decoy(
            "/2026/11/09/fishing-harbour-in-pictures/",
            "بالصور: صباح في ميناء الصيادين",
            "2026-11-09T07:05:00+03:00",
        ),
    ),
    "bawabat-alkhalij": Dialect(
        article="/news/{number}-{slug}",
        section="/section/{slug}",
        more="?page={page}",
        picture="/uploads/images/{name}",
        feed="/rss/latest.xml",
        sitemap="/sitemap-news.xml",
        decoy=_decoy(
            "/news/1012-night-market-opening-hours",
            "مواعيد السوق الليلي على الواجهة البحرية",
            "2026-11-01T18:20:00+04:00",
        ),
        first_number=1023,
        step=2,
    ),
    "alrasid": Dialect(
        article="/article.php?id={number}",
        section="/section.php?cat={slug}",
        more="&page={page}",
        picture="/images/news/{name}",
        feed="/rss.php",
        sitemap="/sitemap.xml",
        decoy=_decoy("/article.php?id=2010", "ملحق الراصد الأسبوعي", "2026-11-06T08:00:00+01:00"),
        charset="windows-1256",
        html_type="text/html",
        first_number=2013,
        step=3,
    ),
    "khabarnameh": Dialect(
        article="/news/{number}/{slug}",
        section="/service/{slug}",
        more="?page={page}",
        picture="/files/fa/news/1405/8/{name}",
        feed="/rss",
        sitemap="/sitemap/news.xml",
        decoy=_decoy(
            "/news/60402/coastal-road-from-above",
            "ویدئو؛ جادهٔ ساحلی از نگاه پهپاد",
            "2026-11-07T16:30:00+03:30",
        ),
        standfirst=True,
        first_number=60410,
        step=7,
    ),
    "hadshot-hanamal": Dialect(
        article="/articles/{slug}",
        section="/sections/{slug}",
        more="/{page}",
        picture="/media/{name}",
        feed="/feed.atom",
        feed_kind="atom",
        sitemap="/sitemap-news.xml",
        decoy=_decoy(
            "/articles/the-quay-that-never-sleeps",
            "הרציף שאינו נרדם: לילה אחד עם מפעילי העגורנים",
            "2026-11-06T06:00:00+02:00",
        ),
    ),
    "harbour-ledger": Dialect(
        article="/{date:%Y}/{month}/{date:%d}/{slug}",
        section="/section/{slug}",
        more="?page={page}",
        picture="/media/img/{name}",
        feed="/feed.xml",
        sitemap="/sitemaps/news.xml",
        sitemap_index="/sitemap.xml",
        decoy=_decoy(
            "/2026/nov/09/life-along-the-coast",
            "Life along the coast: our coverage in one place",
            "2026-11-09T10:00:00+00:00",
        ),
        standfirst=True,
    ),
}
