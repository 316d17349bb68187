"""The whole of the cleaning on small pages of five languages: exact text, named cuts, named refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean import clean
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Reason, Rejected
from tests.helpers_clean import article, cleaned, cuts, document, page, paragraphs, rejected, story, text_of

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Golden:
    """A page as its theme writes it, the text that must come out, and what must be cut by which rule."""

    language: str
    title: str
    markup: str
    text: str
    cut: dict[str, tuple[str, str]]


ARABIC = Golden(
    language="ar",
    title="افتتاح حديقة على شاطئ مرسى نور",
    markup="""
      <p>مرسى نور — أعلن المجلس البلدي أمس افتتاح حديقة عامة على الشاطئ بعد عامين من العمل.</p>
      <div class="share-buttons"><a href="#">فيسبوك</a> <a href="#">تويتر</a></div>
      <p>وقالت رئيسة المجلس إن المشروع كلّف <b>ثلاثة ملايين</b> دولار، تحمّلت سلطة الميناء ثُلثها.</p>
      <p>اقرأ أيضًا: <a href="/2">الصيادون يرممون شباكهم</a></p>
      <h2>أشجار ومقاعد</h2>
      <ul><li>مئتا شجرة من مشاتل الجبل</li><li>ممر للدراجات طوله كيلومتران</li></ul>
      <p>وتُفتح الأبواب يوميًّا من السادسة صباحًا حتى منتصف الليل\u200f.</p>
      <p>© الساحل اليوم ٢٠٢٦</p>""",
    text="""مرسى نور — أعلن المجلس البلدي أمس افتتاح حديقة عامة على الشاطئ بعد عامين من العمل.

وقالت رئيسة المجلس إن المشروع كلّف ثلاثة ملايين دولار، تحمّلت سلطة الميناء ثُلثها.

أشجار ومقاعد

مئتا شجرة من مشاتل الجبل

ممر للدراجات طوله كيلومتران

وتُفتح الأبواب يوميًّا من السادسة صباحًا حتى منتصف الليل.""",
    cut={
        "فيسبوك تويتر": ("structure.share", "div.share-buttons"),
        "اقرأ أيضًا: الصيادون يرممون شباكهم": ("phrase.ar.read_also.start.1", "p"),
        "© الساحل اليوم ٢٠٢٦": ("structure.copyright", "p"),
    },
)
PERSIAN = Golden(
    language="fa",
    title="گشایش پارک ساحلی در مرسی نور",
    markup="""
      <p>شورای شهر دیروز اعلام کرد که پارک تازه\u200cای در کنار دریا گشایش یافته است.</p>
      <p>شهردار گفت: «هزینهٔ ساخت سه میلیون دلار بوده و یک\u200cسوم آن را ادارهٔ بندر پرداخته است.»</p>
      <p>در همین زمینه: <a href="/2">ماهیگیران تور می\u200cبافند</a></p>
      <p>ساکنان می\u200cخواستند درخت\u200cها و نیمکت\u200cهای بیشتری در نقشه گنجانده\u00a0شود.</p>
      <p>انتهای پیام/</p>
      <p>کد خبر: ۱۲۳۴۵</p>""",
    text="""شورای شهر دیروز اعلام کرد که پارک تازه\u200cای در کنار دریا گشایش یافته است.

شهردار گفت: «هزینهٔ ساخت سه میلیون دلار بوده و یک\u200cسوم آن را ادارهٔ بندر پرداخته است.»

ساکنان می\u200cخواستند درخت\u200cها و نیمکت\u200cهای بیشتری در نقشه گنجانده شود.""",
    cut={
        "در همین زمینه: ماهیگیران تور می\u200cبافند": ("phrase.fa.read_also.start.7", "p"),
        "انتهای پیام/": ("phrase.fa.sign_off.line.2", "p"),
        "کد خبر: ۱۲۳۴۵": ("phrase.fa.sign_off.start.2", "p"),
    },
)
HEBREW = Golden(
    language="he",
    title="פארק חדש נפתח לחוף הים",
    markup="""
      <p>מועצת העיר הודיעה אתמול על פתיחת פארק ציבורי חדש לחוף הים לאחר שנתיים של עבודה.<br><br>
      ״חיכינו לזה עשר שנים״, אמרה שכנה ותיקה ברח׳ הרציף.</p>
      <p>קראו גם: <a href="/2">הדייגים תיקנו רשתות</a></p>
      <p>עלות הפרויקט הגיעה לשלושה מיליון ש״ח, שליש מהם מימנה רשות הנמל.</p>
      <p>תגיות: פארק, ים</p>""",
    text="""מועצת העיר הודיעה אתמול על פתיחת פארק ציבורי חדש לחוף הים לאחר שנתיים של עבודה.

״חיכינו לזה עשר שנים״, אמרה שכנה ותיקה ברח׳ הרציף.

עלות הפרויקט הגיעה לשלושה מיליון ש״ח, שליש מהם מימנה רשות הנמל.""",
    cut={
        "קראו גם: הדייגים תיקנו רשתות": ("phrase.he.read_also.start.1", "p"),
        "תגיות: פארק, ים": ("phrase.he.tags.start.1", "p"),
    },
)
URDU = Golden(
    language="ur",
    title="ساحل پر نیا پارک کھل گیا",
    markup="""
      <p>شہری کونسل نے کل اعلان کیا کہ ساحل سمندر پر نیا عوامی پارک دو سال کی محنت کے بعد کھول دیا گیا ہے۔</p>
      <p>مزید پڑھیں: <a href="/2">ماہی گیر جال مرمت کرتے ہیں</a></p>
      <blockquote><p>”ہم نے دس سال انتظار کیا،“ ایک پڑوسی نے کہا۔</p></blockquote>
      <p>میئر نے بتایا کہ اس منصوبے پر تیس لاکھ ڈالر خرچ ہوئے، جن میں سے ایک تہائی بندرگاہ نے ادا کیے۔</p>""",
    text="""شہری کونسل نے کل اعلان کیا کہ ساحل سمندر پر نیا عوامی پارک دو سال کی محنت کے بعد کھول دیا گیا ہے۔

”ہم نے دس سال انتظار کیا،“ ایک پڑوسی نے کہا۔

میئر نے بتایا کہ اس منصوبے پر تیس لاکھ ڈالر خرچ ہوئے، جن میں سے ایک تہائی بندرگاہ نے ادا کیے۔""",
    cut={"مزید پڑھیں: ماہی گیر جال مرمت کرتے ہیں": ("phrase.ur.read_also.start.2", "p")},
)
ENGLISH = Golden(
    language="en",
    title="New park opens on the quay",
    markup="""
      <figure><img src="/crane.jpg" alt="Harbour"><figcaption>A crane at the quay, Monday.</figcaption></figure>
      <p>The council of the harbour town said on Monday that the new <a href="/park">park</a> will open in spring.</p>
      <aside><h3>More on this story</h3><p>Nets mended</p></aside>
      <p>Work began two years ago<sup>1</sup> &amp; cost &lt;3 million dollars; H<sub>2</sub>O came from the hills.</p>
      <table><tr><th>Part</th><th>Cost</th></tr><tr><td>Trees</td><td>40,000</td></tr></table>
      <blockquote>“We waited ten years,” said a neighbour.</blockquote>
      <p>Read more: <a href="/2">Fishermen mend their nets</a></p>
      <p>The first trees were planted in January, and a nursery has promised two hun\u00addred more.</p>
      <div class="newsletter"><p>Sign up for the morning letter of our desk.</p></div>""",
    text="""The council of the harbour town said on Monday that the new park will open in spring.

Work began two years ago1 & cost <3 million dollars; H2O came from the hills.

Part Cost

Trees 40,000

“We waited ten years,” said a neighbour.

The first trees were planted in January, and a nursery has promised two hundred more.""",
    cut={
        "More on this story": ("structure.aside", "aside/h3"),
        "Nets mended": ("structure.aside", "aside/p"),
        "Read more: Fishermen mend their nets": ("phrase.en.read_also.start.1", "p"),
    },
)
GOLDEN = [ARABIC, PERSIAN, HEBREW, URDU, ENGLISH]
per_language = pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.language)


def page_of(golden: Golden) -> str:
    return story(golden.title, golden.markup, golden.language)


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
import hashlib
from tests.test_clean import GOLDEN, page_of
from tests.helpers_clean import cleaned
print(hashlib.sha256("".join(repr(cleaned(page_of(golden))) for golden in GOLDEN).encode()).hexdigest())
"""


def test_another_process_gives_the_same_outcome() -> None:
    answers = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert len(answers[0]) > 60
    assert answers[0] == answers[1]


def test_the_page_decides_the_row_and_the_hour_does_not() -> None:
    first = page(page_of(ENGLISH))
    later = replace(first, fetched_at=first.fetched_at.replace(hour=23))
    one, other = clean(first).result, clean(later).result
    assert isinstance(one, Article)
    assert isinstance(other, Article)
    assert (one.id, one.text_hash) == (other.id, other.text_hash)


@settings(max_examples=80, deadline=None)
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


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_any_tag_soup_ends_in_clean_text_or_a_reason(soup: str) -> None:
    outcome = cleaned(document(soup))
    if isinstance(outcome.result, Rejected):
        assert outcome.removed == ()
        assert outcome.block_keys == ()
    else:
        text = outcome.result.text
        assert text == "\n\n".join(" ".join(line.split()) for line in text.split("\n\n"))
        assert "<" not in text
        assert "\u200f" not in text


# What is kept


def test_a_short_news_item_of_two_hebrew_sentences_is_kept() -> None:
    two = "הפארק החדש לחוף הים נפתח אתמול בבוקר לקהל הרחב. מאות תושבים הגיעו אליו כבר בשעה הראשונה."
    assert text_of(story("הפארק נפתח", paragraphs(two), "he")) == [two]


def test_an_old_page_of_nested_tables_and_breaks_is_read() -> None:
    sentences = ENGLISH.text.split("\n\n")[0], ENGLISH.text.split("\n\n")[-1]
    markup = document(
        f"<table><tr><td><a href='/'>Home</a><br><a href='/s'>Sport</a></td><td><font><b>{ENGLISH.title}</b><br><br>"
        f"{sentences[0]}<br><br>{sentences[1]}</font></td></tr></table>",
        ENGLISH.title,
    )
    assert text_of(markup) == list(sentences)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("he", "משרד החינוך הזכיר לתלמידים כי סיסמה טובה ארוכה משמונה תווים ואינה שם של חיה."),
        (
            "fa",
            "دانشجویان در کارگاه تازه زبان جاوا اسکریپت را در سه هفته یاد می\u200cگیرند و تمرین می\u200cکنند.",
        ),
        ("en", "The library will show its visitors how to choose a password and how to log in at home."),
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
    line = "The council&#1; said on&#x7;&#31;Monday that the park&#xAD; will open to every&#8203;one in the spring."
    expected = "The council said on Monday that the park will open to everyone in the spring."
    assert text_of(story("Park", paragraphs(line))) == [expected]


# What is turned away

NEWS = "The council of the harbour town said on Monday that the new park will open in spring."
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
    "JSON": (b'{"error": 404}', Reason.NOT_HTML),
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


def test_a_refusal_says_the_figure_behind_it() -> None:
    assert rejected(document("<p>Hello.</p>")) == (Reason.NO_BODY, "5 letters of text")
    assert rejected(document("<div>" * 195 + NEWS))[0] is not Reason.TOO_DEEP
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
