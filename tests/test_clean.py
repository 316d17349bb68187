"""The whole of the cleaning on small pages of five languages: exact text, named cuts, named refusals."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean import clean
from pipelines.normalize import letters
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Reason, Rejected
from tests.helpers_clean import article, cleaned, cuts, document, page, paragraphs, rejected, story, text_of
from tests.helpers_golden import ARABIC, ENGLISH, GOLDEN, Golden, digest, page_of

ROOT = Path(__file__).resolve().parents[1]


per_language = pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.language)


@per_language
def test_the_text_is_exactly_the_article(golden: Golden) -> None:
    assert article(page_of(golden)).text == golden.text


@per_language
def test_title_and_language_are_told(golden: Golden) -> None:
    found = article(page_of(golden))
    assert (found.title, found.language) == (golden.title, golden.language)


@per_language
def test_what_was_cut_is_listed_with_its_rule_and_place(golden: Golden) -> None:
    place = "main/article/div.entry/"
    listed = {block.text: (block.rule, block.path) for block in cleaned(page_of(golden)).removed}
    for text, (rule, path) in golden.cut.items():
        assert listed[text] == (rule, place + path)


@per_language
def test_nothing_is_both_kept_and_cut(golden: Golden) -> None:
    kept = set(golden.text.split("\n\n"))
    removed = cleaned(page_of(golden)).removed
    assert not kept & {block.text for block in removed}
    assert [block.order for block in removed] == sorted({block.order for block in removed})


@per_language
def test_the_counts_are_those_of_the_text_and_the_cuts(golden: Golden) -> None:
    outcome = cleaned(page_of(golden))
    found = outcome.result
    assert isinstance(found, Article)
    assert (found.char_count, found.word_count) == (len(golden.text), len(golden.text.split()))
    assert found.removed_blocks == len(outcome.removed)
    assert found.removed_chars == sum(len(block.text) for block in outcome.removed)


@per_language
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encoding_of_the_page_does_not_show_in_the_text(golden: Golden, encoding: str) -> None:
    assert article(page_of(golden).encode(encoding)).text == golden.text


def test_windows_1256_that_calls_itself_utf_8_gives_the_same_text() -> None:
    markup = page_of(ARABIC).replace("٢٠٢٦", "2026")
    assert article(markup.encode("cp1256")).text == ARABIC.text


@per_language
def test_no_field_is_an_empty_string(golden: Golden) -> None:
    found = article(page_of(golden))
    assert [field.name for field in fields(found) if getattr(found, field.name) in ("", (), [])] == []


# Purity


@per_language
def test_the_same_page_gives_an_equal_outcome(golden: Golden) -> None:
    assert cleaned(page_of(golden)) == cleaned(page_of(golden))


PROGRAM = """
from tests.helpers_golden import digest
print(digest(), end="")
"""


def test_another_process_gives_the_same_outcome() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert answer.stdout == digest()


def test_the_page_decides_the_row_and_the_hour_does_not() -> None:
    first = page(page_of(ENGLISH))
    later = replace(first, fetched_at=first.fetched_at.replace(hour=23))
    one, other = clean(first).result, clean(later).result
    assert isinstance(one, Article)
    assert isinstance(other, Article)
    assert (one.id, one.text_hash) == (other.id, other.text_hash)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_named_state(body: bytes) -> None:
    result = clean(page(b"<p>" + body)).result
    assert isinstance(result, Article) or result.reason in Reason


_PIECES = st.sampled_from(
    [
        "<div>",
        "</div>",
        "<p class='share'>",
        "<table><td>",
        "</table>",
        "<br>",
        "<h1>",
        "</h1>",
        "<li>",
        "<a href='/x'>",
        "</a>",
        "<figure><img src='x'>",
        "<figcaption>",
        "<script>",
        "</script>",
        "<body>",
        "</html>",
        "<meta name='author' content='x'>",
        "<form>",
        "&#x200f;",
        "&nbsp;",
        "Salma Haddad ",
        "The council of the harbour town said on Monday that the park will open to everyone in spring. ",
        "أعلن المجلس البلدي أمس افتتاح حديقة عامة على الشاطئ بعد عامين من العمل. ",
    ]
)


@settings(max_examples=70, deadline=None)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_any_tag_soup_ends_in_clean_text_or_a_reason(soup: str) -> None:
    outcome = cleaned(document(soup))
    if isinstance(outcome.result, Rejected):
        assert outcome.removed == ()
        assert outcome.view is None
    else:
        text = outcome.result.text
        assert text == "\n\n".join(" ".join(line.split()) for line in text.split("\n\n"))
        assert "<" not in text
        assert "\u200f" not in text


# What is kept


def test_a_page_as_deep_as_is_allowed_is_read() -> None:
    assert text_of(document("<div>" * (DEFAULT_POLICY.max_depth - 2) + NEWS)) == [NEWS]


def test_a_short_item_does_not_give_way_to_the_prose_around_it() -> None:
    around = "".join(
        f"<div class='related-post'><h4><a href='/{n}'>Story {n}</a></h4><p>{NEWS} Story {n}.</p></div>"
        for n in range(4)
    )
    item = paragraphs(f"{NEWS} It cost three million dollars.")
    markup = story(
        "Park opens", item, around=f"<div class='author-box'><p>{NEWS} She is our editor.</p></div>{around}"
    )
    assert text_of(markup) == [f"{NEWS} It cost three million dollars."]


def test_a_short_news_item_of_two_hebrew_sentences_is_kept() -> None:
    two = "הפארק החדש לחוף הים נפתח אתמול בבוקר לקהל הרחב. מאות תושבים הגיעו אליו כבר בשעה הראשונה."
    assert text_of(story("הפארק נפתח", paragraphs(two), "he")) == [two]


def test_an_old_page_of_nested_tables_and_breaks_is_read() -> None:
    sentences = ENGLISH.text.split("\n\n")[0], ENGLISH.text.split("\n\n")[-1]
    markup = document(
        "<table><tr><td><a href='/'>Home</a><br><a href='/s'>Sport</a></td>"
        f"<td><font><b>{ENGLISH.title}</b><br><br>{sentences[0]}<br><br>{sentences[1]}</font></td></tr></table>",
        ENGLISH.title,
    )
    assert text_of(markup) == list(sentences)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("he", "משרד החינוך הזכיר לתלמידים כי סיסמה טובה ארוכה משמונה תווים, ואינה שם של חיית המחמד בבית."),
        (
            "fa",
            "دانشجویان زبان جاوا اسکریپت را در سه هفته یاد گرفتند و برنامه\u200cای برای کتابخانه شهر نوشتند.",
        ),
        (
            "en",
            "The library will show its visitors how to choose a password and how to log in from their homes.",
        ),
    ],
)
def test_a_short_item_about_passwords_or_programs_is_no_wall(language: str, sentence: str) -> None:
    assert text_of(story("A lesson at the library", paragraphs(sentence), language)) == [sentence]


def test_a_long_article_may_quote_what_walls_say() -> None:
    sentences = [
        f"In chapter {number} the page said “log in to continue”, he told the court." for number in range(12)
    ]
    assert text_of(story("The case of the wall", paragraphs(*sentences))) == sentences


def test_hidden_text_is_not_in_the_text() -> None:
    hidden = "The second price of the park was never told to anyone in the town, said nobody."
    inside = f"{ENGLISH.markup}<div style='display:none'><p>{hidden}</p></div><p hidden>{hidden}</p>"
    assert article(story(ENGLISH.title, inside)).text == ENGLISH.text


def test_markup_written_as_text_stays_text() -> None:
    line = "The tag <b> makes words bold & the entity &amp; is an ampersand, said the teacher of the class."
    written = line.replace("&", "&amp;").replace("<", "&lt;")
    assert line in text_of(
        story("A lesson at the library", paragraphs(written, *ENGLISH.text.split("\n\n")[:2]))
    )


def test_numbers_that_a_page_writes_as_controls_are_no_text() -> None:
    line = "The council&#1; said &#x0B;that the park&#xAD; will &#xFFFE;open to every&#8203;one in spring"
    expected = "The council said that the park will open to everyone in spring"
    assert text_of(story("Park", paragraphs(f"{line}, {NEWS}"))) == [f"{expected}, {NEWS}"]


# What is turned away

NEWS = "The council of the harbour town said on Monday that the new park will open to everyone in spring."
CARDS = "".join(
    f"<div class='item'><h2><a href='/{number}'>Headline of the story number {number}</a></h2>"
    f"<p>{NEWS} It is story {number}.</p></div>"
    for number in range(8)
)
REFUSED = {
    "nothing": (b"", Reason.EMPTY),
    "white space": (b" \r\n ", Reason.EMPTY),
    "a comment": (b"<!-- x -->", Reason.EMPTY),
    "frames": (b"<html><frameset><frame src='a'></frameset></html>", Reason.EMPTY),
    "a PDF": (b"%PDF-1.7\n<</Type/Catalog>>", Reason.NOT_HTML),
    "JSON": (b'{"error": 404, "message": "not found"}', Reason.NOT_HTML),
    "a deep page": (document("<div>" * 300 + NEWS), Reason.TOO_DEEP),
    "a very deep page": (document("<div>" * 40_000 + NEWS), Reason.TOO_DEEP),
    "an attribute bomb": (
        document(f"<p {' '.join(f'a{n}' for n in range(600))}>{NEWS}"),
        Reason.TOO_MANY_ATTRIBUTES,
    ),
    "a tag bomb": (document("<b>" * 60_000), Reason.TOO_MANY_TAGS),
    "a huge page": (document(NEWS * 65_000), Reason.TOO_LARGE),
    "bytes of no encoding": (b"<p>" + bytes(range(256)) * 40, Reason.BAD_ENCODING),
    "a login wall": (
        document("<h1>Members</h1><p>Please log in to continue reading.</p>"),
        Reason.LOGIN_WALL,
    ),
    "an Arabic wall": (document("<h1>خاص</h1><p>سجل الدخول للمتابعة</p>"), Reason.LOGIN_WALL),
    "a teaser before a wall": (
        story("Park", paragraphs(NEWS, "Subscribe to continue reading.")),
        Reason.LOGIN_WALL,
    ),
    "a soft 404": (document("<h1>Page not found</h1><p>It may have been moved.</p>"), Reason.SOFT_404),
    "a Hebrew 404": (document("<h1>אופס</h1><p>העמוד המבוקש לא נמצא</p>"), Reason.SOFT_404),
    "a Persian 404": (document("<h1>۴۰۴</h1><p>صفحه مورد نظر یافت نشد</p>"), Reason.SOFT_404),
    "a 404 in bold": (document("<p>Page <b>not</b> found</p>"), Reason.SOFT_404),
    "a shell for scripts": (
        document("<div id='root'></div><noscript>You need to enable JavaScript to run this app.</noscript>"),
        Reason.JS_SHELL,
    ),
    "an empty shell": (document("<div id='root'></div><script src='a.js'></script>"), Reason.NO_BODY),
    "a greeting": (document("<p>Hello.</p>"), Reason.NO_BODY),
    "a gallery": (
        '<script type="application/ld+json">{"@type": "ImageGallery"}</script>'
        + story("Pictures", paragraphs(NEWS)),
        Reason.NOT_ARTICLE,
    ),
    "pictures with captions": (
        story(
            "The harbour in pictures",
            "".join(
                f"<figure><img src='/{n}.jpg'><figcaption>{NEWS}</figcaption></figure>" for n in range(6)
            ),
        ),
        Reason.NO_BODY,
    ),
    "a section page": (document(f"<main>{CARDS}</main>", "World"), Reason.NOT_ARTICLE),
    "a list of links": (
        document("<ul>" + "".join(f"<li><a href='/{n}'>{NEWS} {n}</a></li>" for n in range(20)) + "</ul>"),
        Reason.NO_BODY,
    ),
}


@pytest.mark.parametrize(("markup", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_page_that_is_no_article_is_turned_away_with_its_reason(
    markup: str | bytes, reason: Reason
) -> None:
    assert rejected(markup)[0] is reason


def test_two_sentences_of_chinese_are_an_article() -> None:
    news = "江口老码头的钟楼周一早晨六点再次敲响，是二十年来第一次。修钟的师傅说，齿轮是他用旧船的铜铸的。"
    assert len(letters(news)) < DEFAULT_POLICY.min_body_letters
    assert text_of(story("钟楼再次敲响", paragraphs(news), "zh")) == [news]


def test_a_refusal_says_the_figure_behind_it() -> None:
    assert rejected(document("<p>Hello.</p>")) == (Reason.NO_BODY, "5 letters of text")
    assert rejected(document("<div>" * 200 + NEWS)) == (Reason.TOO_DEEP, "202 levels")
    assert rejected(REFUSED["a soft 404"][0]) == (Reason.SOFT_404, "page not found")


def test_what_a_script_says_is_not_what_the_page_says() -> None:
    markup = document("<div id='root'></div><script>show('Page not found')</script>")
    assert rejected(markup)[0] is Reason.NO_BODY


def test_a_refusal_keeps_what_is_known_of_the_page() -> None:
    fetched = replace(
        page(REFUSED["a section page"][0]), http_status=200, discovered_via="feed", warc_offset=7
    )
    result = clean(fetched).result
    assert isinstance(result, Rejected)
    assert (result.site, result.url, result.title) == ("news", fetched.url, "World")
    assert (result.http_status, result.discovered_via, result.warc_offset) == (200, "feed", 7)
    assert (result.body_bytes, result.content_type) == (len(fetched.body), "text/html")


def test_a_stricter_policy_refuses_more() -> None:
    strict = replace(DEFAULT_POLICY, min_body_letters=10_000)
    result = clean(page(page_of(ENGLISH)), strict).result
    assert isinstance(result, Rejected)
    assert result.reason is Reason.NO_BODY


def test_cuts_of_one_page_do_not_depend_on_the_page_before() -> None:
    alone = cuts(page_of(ARABIC))
    cleaned(page_of(ENGLISH))
    assert cuts(page_of(ARABIC)) == alone
