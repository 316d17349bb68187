"""Whatever a page, its headers or a feed say: the row is written, read back, and of a bearable size."""

from __future__ import annotations

import math
import string
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.bounds import bounded, storable_text
from pipelines.clean import clean, reject
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Cleaned, Image, Page, Reason, Rejected, RemovedBlock, Witness
from pipelines.store.rows import dumps, loads, removed_rows, to_row
from pipelines.store.schema import to_table
from tests.helpers_clean import PARK, article, document, page, paragraphs, story
from tests.helpers_store import article as stored_article
from tests.helpers_store import block as stored_block
from tests.helpers_store import rejected as stored_rejected

# Any character there is, halves of pairs and controls more often than chance has them.
_ODD = "\ud800\udfff\x00\x01\x0b\x1f\x7f\ufffe\uffff\u2028\u202e\ufeff\r\n\t\U0001f600ا"
texts = st.text(st.one_of(st.characters(), st.sampled_from(_ODD)), max_size=40)
sizes = st.sampled_from([1, 1, 1, 1_500, 30_000])
long_texts = st.builds(lambda text, times: text * times, texts, sizes)


def _many() -> tuple[str, ...]:
    return ("x",) * 3_000


maybe = st.one_of(st.none(), long_texts)
lists = st.one_of(st.none(), st.lists(texts, max_size=5).map(tuple), st.builds(_many))
_PLAIN = {"id": "0" * 32, "text_hash": "1" * 32, "char_count": 0, "word_count": 0}
days = st.one_of(st.none(), st.dates())
instants = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))
images = st.builds(Image, long_texts, maybe, maybe, maybe, st.booleans())
_SAID = dict.fromkeys(
    "publisher country url_requested title description section published_source published_raw image_url "
    "page_type language_script wire_source etag last_modified discovered_via robots warc_file".split(),
    maybe,
)
articles = st.fixed_dictionaries(
    {
        **_SAID,
        **dict.fromkeys(("url", "url_canonical", "text", "language"), long_texts),
        **dict.fromkeys(("authors", "tags", "rights", "quality_flags"), lists),
        **dict.fromkeys(("published_at", "modified_at"), instants),
        "published_date": days,
        "images": st.one_of(st.none(), st.lists(images, max_size=3).map(tuple)),
        "http_status": st.one_of(st.none(), st.integers(-(10**9), 10**9)),
        "language_score": st.one_of(st.none(), st.floats(width=32)),
    }
).map(lambda said: replace(stored_article(), **_PLAIN, **said))
refusals = st.fixed_dictionaries(
    {
        **dict.fromkeys(("url_requested", "title", "detail", "content_type", "discovered_via"), maybe),
        "url": long_texts,
        "reason": st.sampled_from(Reason),
        "http_status": st.one_of(st.none(), st.integers(-(10**9), 10**9)),
    }
).map(lambda said: replace(stored_rejected(), **said))
blocks = st.builds(RemovedBlock, st.integers(0, 50_000), long_texts, long_texts, texts, texts)


def read_back(dataset: str, row: dict[str, Any]) -> dict[str, Any]:
    """The row after the spool's JSON, Arrow and Parquet."""
    spooled = dumps(row)
    spooled.encode()  # SQLite keeps UTF-8
    table = to_table(dataset, [loads(spooled)])
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    found: dict[str, Any] = pq.read_table(pa.BufferReader(sink.getvalue())).to_pylist()[0]
    return found


def expected(dataset: str, row: dict[str, Any]) -> dict[str, Any]:
    """What the schema's columns hold of a row: absent ones are null, floats have 32 bits."""
    names = to_table(dataset, []).schema.names
    full = {name: row.get(name) for name in names}
    if full.get("language_score") is not None:
        full["language_score"] = pa.scalar(full["language_score"], pa.float32()).as_py()
    return full


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.one_of(articles, refusals), st.lists(blocks, max_size=3))
def test_any_outcome_is_written_and_read_back_as_it_was_cleaned(
    result: Article | Rejected, removed: list[RemovedBlock]
) -> None:
    cleaned = bounded(Cleaned(result, tuple(removed)))
    dataset = "articles" if isinstance(cleaned.result, Article) else "rejected"
    row = to_row(cleaned.result)
    assert read_back(dataset, row) == expected(dataset, row)
    if isinstance(cleaned.result, Article):
        for cut in removed_rows(cleaned.result, cleaned.removed):
            assert read_back("removed_blocks", cut) == expected("removed_blocks", cut)
    assert bounded(cleaned) == cleaned


@settings(max_examples=100, deadline=None)
@given(texts)
def test_text_that_may_be_stored_stays_as_it_is(text: str) -> None:
    kept = storable_text(text, 1_000)
    assert storable_text(kept, 1_000) == kept
    assert not set(kept) & set("\x00\x01\x0b\x1f\x7f\ufffe\uffff\ud800\udfff")
    if not set(text) & set("\r\x0c\x7f\ufffe\uffff") and text.isprintable():
        assert kept == text


def test_a_fit_outcome_comes_back_as_the_same_objects() -> None:
    found = clean(page(story("Park", paragraphs(*PARK))))
    again = bounded(found)
    assert again.result is found.result
    assert all(one is other for one, other in zip(again.removed, found.removed, strict=True))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_null(number: float) -> None:
    result = bounded(Cleaned(stored_article(language_score=number))).result
    assert isinstance(result, Article)
    assert result.language_score is None


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), None),
        (datetime(1989, 12, 31, tzinfo=UTC), None),
        (datetime(1990, 1, 1, tzinfo=UTC), datetime(1990, 1, 1, tzinfo=UTC)),
        (datetime(2100, 12, 31, tzinfo=UTC), datetime(2100, 12, 31, tzinfo=UTC)),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), None),
    ],
)
def test_instants_that_no_reader_of_nanoseconds_has_are_null(stated: datetime, kept: datetime | None) -> None:
    given_ = stored_article(published_at=stated, modified_at=stated, published_date=date(2027, 1, 1))
    result = bounded(Cleaned(given_)).result
    assert isinstance(result, Article)
    assert (result.published_at, result.modified_at) == (kept, kept)
    assert result.published_date == date(2027, 1, 1)


def test_what_is_cut_from_a_block_is_not_counted_as_removed() -> None:
    cut = replace(stored_block(), text="a" * 300_000)
    cleaned = bounded(Cleaned(stored_article(removed_blocks=1, removed_chars=300_000), (cut,)))
    assert isinstance(cleaned.result, Article)
    assert cleaned.result.removed_chars == len(cleaned.removed[0].text) == 100_000


# From bytes to the row: what a hostile page says ends in bounds, and the article is kept.

BODY = paragraphs(*PARK)


def json_ld(members: str) -> str:
    return f'<script type="application/ld+json">{{"@type":"NewsArticle",{members}}}</script>'


def row_of(markup: str | bytes, **changes: Any) -> dict[str, Any]:
    """The article's row as a reader has it."""
    result = clean(replace(page(markup), **changes)).result
    assert isinstance(result, Article), result
    assert result.text == "\n\n".join(PARK)
    return read_back("articles", to_row(result))


def in_head(extra: str) -> str:
    return story("New park opens on the quay", BODY).replace("</head>", f"{extra}</head>")


def names(count: int) -> list[str]:
    letters = string.ascii_lowercase
    return [f"Jane {a.upper()}{b}{c}son" for a in letters for b in letters for c in letters][:count]


HEADS = {
    "half a pair in JSON": json_ld(r'"headline":"Park \ud800 opens","author":{"name":"Jane \udc00 Roe"}'),
    "half a pair as a reference": '<meta name="description" content="a &#xD800; b &amp;#xD800; c">',
    "NUL": '<meta name="description" content="a\0b &#0; c"><meta property="article:tag" content="x\\u0000y">',
    "a description of a megabyte": f'<meta name="description" content="{"word of it " * 100_000}">',
    "a title of a megabyte": json_ld(f'"headline":"{"word " * 200_000}"'),
    "one author of a megabyte": json_ld(f'"author":{{"name":"{"Jane Doe " * 100_000}"}}'),
    "an author without a space": f'<meta name="author" content="{"J" * 1_000_000}">',
    "3,000 authors": json_ld(f'"author":[{",".join(f"""{{"name":"{n}"}}""" for n in names(3_000))}]'),
    "10,000 tags": json_ld(
        f'"keywords":[{",".join(f"""{chr(34)}tag {n}{chr(34)}""" for n in range(10_000))}]'
    ),
    "one tag of a megabyte": f'<meta property="article:tag" content="{"t" * 1_000_000}">',
    "10,000 pictures": "".join(f'<meta property="og:image" content="/{n}.jpg">' for n in range(10_000)),
    "a picture's address of 100 kB": f'<meta property="og:image" content="http://x.test/{"a" * 100_000}">',
    "a canonical of 100 kB": f'<link rel="canonical" href="http://news.test/{"a/" * 50_000}">',
    "a section of a megabyte": json_ld(f'"articleSection":"{"s" * 1_000_000}"'),
    "a publisher of a megabyte": json_ld(f'"publisher":{{"name":"{"p" * 1_000_000}"}}'),
    "a date of a megabyte": json_ld(f'"datePublished":"{"2026-11-20 " * 90_000}"'),
    "the year 9999": json_ld('"datePublished":"9999-12-31T23:59:59-14:00"'),
    "the year 0": json_ld(
        '"datePublished":"0000-00-00T00:00:00Z","dateModified":"0001-01-01T00:00:00+14:00"'
    ),
    "numbers beyond reason": json_ld(f'"wordCount":1e999,"width":{"9" * 5_000}'),
    "deep JSON": '<script type="application/ld+json">' + '{"@graph":[' * 50_000 + "</script>",
}


@pytest.mark.parametrize("extra", HEADS.values(), ids=HEADS)
def test_what_a_page_states_of_itself_ends_in_bounds(extra: str) -> None:
    row = row_of(in_head(extra))
    dumps(loads(dumps(to_row(article(in_head(extra)))))).encode()
    assert len(row["title"] or "") <= DEFAULT_POLICY.max_title_chars
    assert all(len(name) <= DEFAULT_POLICY.max_author_chars for name in row["authors"] or ())
    for column in ("authors", "tags", "images", "rights"):
        assert len(row[column] or ()) <= 100
    assert all(len(tag) <= 300 for tag in row["tags"] or ())
    assert len(row["description"] or "") <= 20_000
    assert all(len(row[column] or "") <= 8_192 for column in ("url_canonical", "image_url"))
    assert all(len(row[column] or "") <= 1_000 for column in ("section", "publisher", "published_raw"))
    assert row["published_at"] is None or 1990 <= row["published_at"].year <= 2100
    assert len(str(row)) < 100_000


def test_a_title_of_many_pages_is_cut_and_the_page_kept() -> None:
    row = row_of(story("word " * 60_000, BODY))
    assert 900 <= len(row["title"]) <= 1_000


def test_text_beyond_a_mebibyte_is_cut() -> None:
    sentence = "The council of the harbour town said on Monday that gate {} of the park will open in spring."
    long = ((sentence.format(number) + " ") * 40 for number in range(300))
    found = article(story("Park", paragraphs(*long)))
    assert len(found.text) == found.char_count == 1 << 20


@pytest.mark.parametrize("value", ["x" * 100_000, "a\x00b\x1b[31m", "é\x85\xff"])
def test_headers_are_cleaned_and_cut(value: str) -> None:
    headers = (("content-type", "text/html"), ("etag", value), ("last-modified", value))
    row = row_of(story("New park opens on the quay", BODY), headers=headers)
    assert len(row["etag"]) <= 1_000
    assert not set(row["etag"] + row["last_modified"]) & set("\x00\x1b")


def test_what_a_feed_says_is_cleaned_and_cut() -> None:
    witness = Witness("half \ud800 a pair " * 10_000, "2026-11-\ud800" * 9_000, ("Jane \udfff Roe",) * 500)
    row_of(document(f"<main><div>{BODY}</div></main>"), witness=witness)


def test_a_refusal_is_cleaned_and_cut_wherever_it_is_made() -> None:
    odd = replace(
        page("x"),
        headers=(("content-type", "text/html; \x00" + "x" * 9_000),),
        http_status=10**7,
        url="u" * 10**5,
    )
    for refused in (
        reject(odd, Reason.WORKER_CRASH, "exit \ud800 code" * 9_000, "title\x00" * 9_000),
        clean(odd).result,
    ):
        assert isinstance(refused, Rejected)
        row = read_back("rejected", to_row(refused))
        assert len(str(row)) < 20_000
        assert row["http_status"] is None


def test_a_class_name_of_megabytes_does_not_stand_in_every_path() -> None:
    items = "".join(f"<p class='share'>Share this {number}</p>" for number in range(100))
    found = clean(page(story("Park", f"<div class='{'a' * 2_000_000}'>{items}</div>{BODY}")))
    assert isinstance(found.result, Article)
    assert max(len(block.path) for block in found.removed) <= 2_000


@pytest.mark.parametrize("number", range(0, 256, 5))
def test_any_byte_in_a_page_can_be_stored(number: int, tmp_path: Path) -> None:
    body = story("Park", paragraphs(*PARK, "What stands behind is odd: @@ and no more of it.")).encode()
    result = clean(Page(**_plain(body.replace(b"@@", bytes([number]))))).result
    assert isinstance(result, Article)
    read_back("articles", to_row(result))


def _plain(body: bytes) -> dict[str, Any]:
    plain = page(body)
    return {name: getattr(plain, name) for name in Page.__dataclass_fields__}
