"""The markup of the invented outlets: article pages with all their furniture, lists, feeds, sitemaps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from html import escape

from tests.web.outlets import WORDS, Story

Item = tuple[str, Story]  # absolute address, what stands there


@dataclass(frozen=True, slots=True)
class Furniture:
    """What changes on a page without the story changing."""

    weather: int = 24
    clock: str = "10:15"
    views: int = 1204
    related: tuple[Item, ...] = ()
    popular: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """What the page says of itself to machines; a page may leave out who, when, and even its headline."""

    canonical: str | None = None
    states_facts: bool = True
    shows_title: bool = True


PLAIN = Head()


def _page(language: str, title: str, head: Sequence[str], body: Sequence[str]) -> str:
    direction = WORDS[language]["direction"]
    return "\n".join(
        (
            f'<!DOCTYPE html>\n<html lang="{language}" dir="{direction}">\n<head>\n<meta charset="utf-8">',
            f"<title>{escape(title)}</title>",
            *head,
            "</head>\n<body>",
            *body,
            "</body>\n</html>\n",
        )
    )


def _link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def _listed(links: Iterable[str]) -> str:
    return "\n".join(("<ul>", *(f"<li>{link}</li>" for link in links), "</ul>"))


def masthead(language: str, origin: str) -> list[str]:
    """The top of every page: name, desks, a search that robots.txt forbids."""
    words = WORDS[language]
    desks = (_link(f"{origin}/desk/{n}/", desk) for n, desk in enumerate(words["desks"], start=1))
    return [
        f'<header class="site-header"><a class="logo" href="{origin}/">{words["site"]}</a>',
        f'<nav class="main-menu">{_listed((*desks, _link(f"{origin}/about", words["about"])))}</nav>',
        f'<form action="/search"><input name="q"></form><a href="{origin}/search?q=a">…</a></header>',
    ]


def colophon(language: str, origin: str) -> str:
    """The bottom of every page."""
    words = WORDS[language]
    return (
        f'<footer class="site-footer"><p>© 2026 {words["site"]}. {words["rights"]}.</p>'
        f"<p>{_link(f'{origin}/about', words['about'])}</p></footer>"
    )


def _aside(story: Story, furniture: Furniture) -> list[str]:
    words = WORDS[story.language]
    place = words["places"][0]
    return [
        '<aside class="sidebar">',
        f'<div class="widget weather"><h4>{words["weather"].format(place=place)}</h4>',
        f"<p>{furniture.weather}° C</p><p>{furniture.clock}</p></div>",
        f'<div class="widget most-read"><h4>{words["popular"]}</h4>',
        _listed(_link(address, told.title) for address, told in furniture.popular),
        "</div></aside>",
    ]


def article_page(origin: str, address: str, told: Story, furniture: Furniture, head: Head = PLAIN) -> str:
    """The page of a story among its furniture."""
    words = WORDS[told.language]
    title = f"{told.title} - {words['site']}" if head.shows_title else words["site"]
    date = told.published.strftime("%Y-%m-%d %H:%M")
    paragraphs = [f"<p>{escape(text)}</p>" for text in told.paragraphs]
    note = [f'<p class="note">{escape(told.note)}</p>'] if told.note else []
    body = [
        *masthead(told.language, origin),
        '<main><article class="story">',
        f"<h1>{escape(told.title)}</h1>" if head.shows_title else '<img src="/headline.png" alt="">',
        *([_byline(told, date)] if head.states_facts else []),
        f'<p class="counter">{furniture.views} {words["views"]}</p>',
        '<div class="story-body">',
        *paragraphs,
        *note,
        "</div></article>",
        f'<section class="related"><h3>{words["related"]}</h3>',
        _listed(_link(there, other.title) for there, other in furniture.related),
        "</section></main>",
        *_aside(told, furniture),
        colophon(told.language, origin),
    ]
    return _page(told.language, title, _head(address, told, head), body)


def _byline(told: Story, date: str) -> str:
    moment = told.published.isoformat()
    return (
        f'<div class="meta"><span class="author" rel="author">{escape(told.author)}</span> '
        f'<time datetime="{moment}">{date}</time></div>'
    )


def _head(address: str, told: Story, head: Head) -> list[str]:
    found: list[str] = []
    if head.canonical:
        found.append(f'<link rel="canonical" href="{escape(head.canonical)}">')
    if head.states_facts:
        stated = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": told.title,
            "datePublished": told.published.isoformat(),
            "author": {"@type": "Person", "name": told.author},
            "inLanguage": told.language,
        }
        said = json.dumps(stated, ensure_ascii=False).replace("<", "\\u003c")
        found.append(f'<meta name="description" content="{escape(told.description)}">')
        found.append(f'<script type="application/ld+json">{said}</script>')
    return found


def list_page(
    language: str,
    origin: str,
    items: Iterable[tuple[str, str]],
    *,
    head: Sequence[str] = (),
    below: Sequence[str] = (),
) -> str:
    """A home or section page: (address, headline) pairs as cards, `below` them links as they are."""
    cards = [f'<div class="card"><h2>{_link(address, title)}</h2></div>' for address, title in items]
    body = [
        *masthead(language, origin),
        "<main>",
        *cards,
        *below,
        "</main>",
        colophon(language, origin),
    ]
    return _page(language, WORDS[language]["site"], head, body)


def plain_page(language: str, origin: str, text: str) -> str:
    """A page that is no article: about, withdrawn, an error that says 200."""
    body = [*masthead(language, origin), f"<main><p>{escape(text)}</p></main>", colophon(language, origin)]
    return _page(language, WORDS[language]["site"], (), body)


def rss(language: str, origin: str, items: Iterable[Item], declared: str = ' encoding="utf-8"') -> str:
    """RSS 2.0 with dates and authors; `declared` is what the XML declaration says of the encoding."""
    entries = [
        f"<item><title>{escape(told.title)}</title><link>{escape(address)}</link>"
        f"<guid>{escape(address)}</guid><pubDate>{format_datetime(told.published)}</pubDate>"
        f"<dc:creator>{escape(told.author)}</dc:creator></item>"
        for address, told in items
    ]
    return "\n".join(
        (
            f'<?xml version="1.0"{declared}?>',
            '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>',
            f"<title>{WORDS[language]['site']}</title><link>{origin}/</link>",
            "<description>-</description>",
            *entries,
            "</channel></rss>",
        )
    )


def atom(language: str, origin: str, items: Sequence[Item]) -> str:
    """Atom 1.0."""
    entries = [
        f"<entry><title>{escape(told.title)}</title><id>{escape(address)}</id>"
        f'<link rel="alternate" href="{escape(address)}"/>'
        f"<published>{told.published.isoformat()}</published>"
        f"<updated>{told.published.isoformat()}</updated>"
        f"<author><name>{escape(told.author)}</name></author></entry>"
        for address, told in items
    ]
    return "\n".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            '<feed xmlns="http://www.w3.org/2005/Atom">',
            f"<title>{WORDS[language]['site']}</title><id>{origin}/</id>",
            f"<updated>{items[0][1].published.isoformat()}</updated>",
            *entries,
            "</feed>",
        )
    )


def json_feed(language: str, origin: str, items: Iterable[Item]) -> str:
    """JSON Feed 1.1."""
    said = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": WORDS[language]["site"],
        "home_page_url": f"{origin}/",
        "items": [
            {
                "id": address,
                "url": address,
                "title": told.title,
                "date_published": told.published.isoformat(),
                "authors": [{"name": told.author}],
            }
            for address, told in items
        ],
    }
    return json.dumps(said, ensure_ascii=False)


_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_IMAGE = "http://www.google.com/schemas/sitemap-image/1.1"


def sitemap(items: Iterable[Item], *, news: bool = False, images: bool = False) -> str:
    """A sitemap; with `news` the Google-News fields, with `images` a picture beside each page."""
    entries = []
    for address, told in items:
        more = ""
        if news:
            more += (
                f"<news:news><news:publication><news:name>{WORDS[told.language]['site']}</news:name>"
                f"<news:language>{told.language}</news:language></news:publication>"
                f"<news:publication_date>{told.published.isoformat()}</news:publication_date>"
                f"<news:title>{escape(told.title)}</news:title></news:news>"
            )
        if images:
            more += f"<image:image><image:loc>{escape(address)}/picture-2026</image:loc></image:image>"
        entries.append(f"<url><loc>{escape(address)}</loc>{more}</url>")
    return "\n".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            f'<urlset xmlns="{_SITEMAP}" xmlns:news="{_NEWS}" xmlns:image="{_IMAGE}">',
            *entries,
            "</urlset>",
        )
    )


def sitemap_index(addresses: Iterable[str]) -> str:
    """An index of sitemaps."""
    entries = (f"<sitemap><loc>{escape(address)}</loc></sitemap>" for address in addresses)
    return "\n".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            f'<sitemapindex xmlns="{_SITEMAP}">',
            *entries,
            "</sitemapindex>",
        )
    )
