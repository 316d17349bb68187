"""The whole of the cleaning as a target: what an article or a refusal must be, whatever the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipelines.clean import clean
from pipelines.page.decode import decode
from pipelines.page.tree import parse
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Cleaned, Page, Rejected, Witness
from pipelines.store.rows import dumps, loads, removed_rows, to_row
from pipelines.store.schema import to_table
from tests.fuzz import checks

URL = "https://news.example/ar/story-1"
FETCHED = datetime(2026, 12, 4, 10, 37, tzinfo=UTC)
_WITNESS = Witness("حديقة جديدة", "Tue, 03 Nov 2026 10:00:00 +0300", ("ليلى حداد",))


def page_of(data: bytes) -> Page:
    """The page of an input; its first line is the Content-Type when it begins with "@"."""
    header, body = "text/html", data
    if data.startswith(b"@"):
        line, _, body = data[1:].partition(b"\n")
        header = line.decode("utf-8", "replace")
    witness = _WITNESS if len(data) % 2 else None
    return Page(URL, body, (("content-type", header),), FETCHED, "news", "run", witness=witness)


def run_clean(data: bytes) -> str:
    """Short account of what became of the page; raises where it cannot be stored as it is."""
    page = page_of(data)
    cleaned = clean(page)
    checks.check_strings(cleaned)
    _check_storable(cleaned)
    if isinstance(cleaned.result, Rejected):
        return f"{cleaned.result.reason} {cleaned.result.title is None}"
    article = cleaned.result
    _check_article(article)
    root = parse(decode(page.body, page.header("content-type")).text)
    assert root is not None
    checks.check_text(article.text, root)
    said = [article.published_source, article.page_type, article.language, *(article.quality_flags or ())]
    counts = (len(article.authors or ()), min(len(article.images or ()), 2), min(article.removed_blocks, 1))
    return f"article {said} {counts}"


def _check_storable(cleaned: Cleaned) -> None:
    row = to_row(cleaned.result)
    assert loads(dumps(row)) == row, "the row is another one when read back"
    dataset = "rejected" if isinstance(cleaned.result, Rejected) else "articles"
    assert to_table(dataset, [row]).num_rows == 1
    if isinstance(cleaned.result, Article) and cleaned.removed:
        rows = removed_rows(cleaned.result, cleaned.removed)
        assert to_table("removed_blocks", rows).num_rows == len(rows)


def _check_article(article: Article) -> None:
    assert article.text.strip(), "no text"
    assert len(article.text) <= DEFAULT_POLICY.max_text_chars, "a long text"
    assert article.char_count == len(article.text), "characters"
    assert article.title is None or 0 < len(article.title) <= DEFAULT_POLICY.max_title_chars, "a long title"
    for name in ("publisher", "description", "section", "published_raw", "etag", "page_type", "language"):
        value = getattr(article, name)
        assert value is None or value.strip(), f"empty {name}"
    names = article.authors or ()
    assert all(0 < len(name) <= DEFAULT_POLICY.max_author_chars for name in names), "a long name"
    _check_bounds(article)
    checks.check_url(article.url_canonical)
    for url in (article.image_url, *(image.url for image in article.images or ())):
        if url is not None:
            checks.check_address(url)
    _check_times(article)


def _check_bounds(article: Article) -> None:
    """Nothing of an article is longer than a reader of Parquet is glad of."""
    for name in ("authors", "tags", "images"):
        assert len(getattr(article, name) or ()) <= 1_000, f"{len(getattr(article, name))} {name}"
    for name in ("publisher", "description", "section", "published_raw"):
        assert len(getattr(article, name) or "") <= 20_000, (
            f"{len(getattr(article, name))} characters of {name}"
        )


def _check_times(article: Article) -> None:
    for moment in (article.published_at, article.modified_at):
        checks.check_instant(moment)
        assert moment is None or moment <= FETCHED + timedelta(days=2), f"in the future: {moment}"
    checks.check_day(article.published_date)
