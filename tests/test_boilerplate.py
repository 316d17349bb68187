"""What is cut from a page and what must not be: names, phrases, captions, repeats, site memory."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.body.boilerplate import Known, judge
from pipelines.body.furniture import find_furniture, named_rule
from pipelines.body.phrases import load_phrases
from pipelines.body.site_memory import NO_MEMORY
from pipelines.body.words import folded_words
from pipelines.normalize import letters
from pipelines.policy import DEFAULT_POLICY
from tests.helpers_clean import PARK as P
from tests.helpers_clean import TITLE, blocks, cuts, outline_of, paragraphs, story, text_of


def with_line(line: str, **known: frozenset[str]) -> str | None:
    """Rule that cuts a paragraph of this mark-up, judged by itself."""
    (block,) = blocks(f"<div><p>{line}</p></div>")
    cut = judge(block, Known(**known), load_phrases(), NO_MEMORY, DEFAULT_POLICY)
    return cut.rule if cut else None


# Names


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("share-buttons", "share"),
        ("post_share", "share"),
        ("socialShare", "share"),
        ("RelatedPosts", "related"),
        ("td-related__title", "related"),
        ("read-more", "related"),
        ("entry-meta", "byline"),
        ("author-box", "author"),
        ("tags", "tags"),
        ("comments-area", "comments"),
        ("breadcrumb", "navigation"),
        ("site-footer", "footer"),
        ("newsletter", "promotion"),
        ("ad", "promotion"),
        ("ad_300x250", "promotion"),
        ("cookie-notice", "consent"),
        ("back-to-top", "back_to_top"),
        ("wp-caption-text", "caption"),
        ("sr-only", "hidden"),
    ],
)
def test_a_name_of_furniture_is_known(name: str, rule: str) -> None:
    assert named_rule(name) == rule


@pytest.mark.parametrize(
    "name",
    [
        "thread",
        "header",
        "loading",
        "headline",
        "shareholder",
        "unrelated",
        "gradient",
        "tagged",
        "commentary",
        "weathered",
        "o'clockwork",
        "navy",
        "menus",
        "downvoted",
        "starship",
        "has-sidebar",
        "with-comments",
        "no-ads",
        "is-popular",
        "entry-content",
        "article__body",
        "",
        "---",
        "شارك",
    ],
)
def test_a_name_that_only_looks_like_furniture_is_none(name: str) -> None:
    assert named_rule(name) is None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_any_name_has_a_rule_or_none(name: str) -> None:
    assert named_rule(name) is None or named_rule(name) == named_rule(name.replace("-", "_"))


@pytest.mark.parametrize(
    ("markup", "rule"),
    [
        ("<nav>x</nav>", "navigation"),
        ("<aside>x</aside>", "aside"),
        ("<div role='navigation'>x</div>", "navigation"),
        ("<div hidden>x</div>", "hidden"),
        ("<div style='Color:red; DISPLAY : none'>x</div>", "hidden"),
        ("<div id='related'>x</div>", "related"),
        ("<div class='box share wide'>x</div>", "share"),
        ("<div data-testid='byline'>x</div>", "byline"),
    ],
)
def test_an_element_is_furniture_by_tag_role_visibility_or_name(markup: str, rule: str) -> None:
    outline = outline_of(f"{markup}<p>{P[0]}</p>")
    assert list(find_furniture(outline, DEFAULT_POLICY).values()) == [rule]


@pytest.mark.parametrize("markup", ["<h2 class='widget-title'>x</h2>", "<div style='display:block'>x</div>"])
def test_headings_and_shown_boxes_are_no_furniture(markup: str) -> None:
    assert find_furniture(outline_of(markup), DEFAULT_POLICY) == {}


@pytest.mark.parametrize(
    "wrapper",
    [
        "<form action='/page.aspx'>{}</form>",
        "<div class='related'>{}</div>",
        "<div role='banner'>{}</div>",
        "<div id='sidebar'>{}</div>",
    ],
)
def test_a_wrapper_under_an_unlucky_name_keeps_the_article(wrapper: str) -> None:
    assert text_of(story(TITLE, wrapper.format(paragraphs(*P)))) == list(P)


def test_an_article_whose_every_part_has_an_unlucky_name_is_kept() -> None:
    widgets = "".join(f'<div class="element rating rating-text"><div><p>{text}</p></div></div>' for text in P)
    assert text_of(story(TITLE, widgets)) == list(P)


def test_parts_that_hold_the_prose_between_them_under_one_name_are_no_furniture() -> None:
    parts = "".join(f'<div class="rating"><p>{text}</p></div>' for text in P)
    assert find_furniture(outline_of(parts), DEFAULT_POLICY) == {}
    other = f'<div class="share"><p>{P[0]}</p></div>'
    assert list(find_furniture(outline_of(parts + other), DEFAULT_POLICY).values()) == ["share"]


def test_a_small_box_under_the_same_name_is_cut() -> None:
    box = f'<div class="rating"><p>{P[3]}</p></div>'
    assert text_of(story(TITLE, paragraphs(*P[:3], P[0][::-1]) + box)) == [*P[:3], P[0][::-1]]


# Phrases


@pytest.mark.parametrize(
    "text",
    [
        "اقرأ أيضا",
        "اقرأ أيضًا:",
        "إقرأ ايضاً ..",
        "اِقْرَأ أيضا",
        "اقـــرأ أيضا",
        "«اقرأ أيضا»",
        "اقرأ\u200f أيضا",
    ],
)
def test_arabic_spellings_of_read_also_are_one(text: str) -> None:
    assert folded_words(text) == folded_words("اقرأ أيضا")


@pytest.mark.parametrize(
    "line",
    [
        "Read also: Fishermen mend their nets",
        "READ ALSO | Fishermen mend their nets",
        "Related: Fishermen mend their nets",
        "Recommended : Fishermen mend their nets",
        "اقرأ أيضاً: الصيادون يرممون شباكهم",
        "إقرأ ايضا .. الصيادون يرممون شباكهم",
        "شاهد أيضا - الصيادون يرممون شباكهم",
        "بیشتر بخوانید: ماهیگیران تور می\u200cبافند",
        "در همین زمینه: ماهیگیران تور می\u200cبافند",
        "קראו גם: הדייגים תיקנו רשתות",
        "یہ بھی پڑھیں: ماہی گیر جال مرمت کرتے ہیں",
        "<a href='/x'>Fishermen mend their nets</a>",
        "&gt;&gt; <a href='/x'>الصيادون يرممون شباكهم</a>",
    ],
)
def test_a_read_also_line_is_cut_from_the_middle_of_an_article(line: str) -> None:
    assert text_of(story(TITLE, paragraphs(P[0], P[1], line, P[2], P[3]))) == list(P)


@pytest.mark.parametrize(
    "line",
    [
        "Related to this, the court heard a complaint from two neighbours.",
        "Recommended by doctors, the walk along the quay takes an hour.",
        "Shares in the port fell on Monday, the exchange said in a note.",
        "Commentators on the radio were surprised.",
        "الكاتب المقيم في مرسى نور قال إنه سعيد بالحديقة.",
        "المصدر ذاته أوضح أن الأعمال لم تتوقف في الشتاء.",
        "درجة الحرارة تجاوزت الأربعين يوم الافتتاح.",
        "شارك هذا الفريق في البطولة ثلاث مرات.",
        "در همین زمینه، شهردار گفت که کار ادامه دارد.",
        "نظر شما درباره این پارک چیست؟",
        "شرکت از پرداخت کلیه حقوق کارگران خبر داد.",
        "שיתוף הפעולה בין העיר לנמל נמשך שנתיים.",
        "תגובות התושבים היו חמות במיוחד.",
        "She would not read more than a page a day.",
    ],
)
def test_a_sentence_that_begins_like_a_phrase_stays(line: str) -> None:
    assert text_of(story(TITLE, paragraphs(P[0], P[1], line, P[2], P[3]))) == [P[0], P[1], line, P[2], P[3]]


@pytest.mark.parametrize(
    "line",
    ["תגובות (3)", "תגובות", "תגובות: 3", "المصدر: وكالة الساحل", "שיתוף: פייסבוק"],
)
def test_a_label_is_cut_alone_with_a_number_or_before_a_colon(line: str) -> None:
    assert with_line(line) is not None


def test_a_phrase_never_cuts_a_long_paragraph() -> None:
    line = f"Read also what the council wrote: {P[0]} {P[1]} {P[2]}"
    assert len(letters(line)) > DEFAULT_POLICY.max_phrase_block_letters
    assert line in text_of(story(TITLE, paragraphs(P[0], line, P[1])))


def test_an_ideograph_says_more_than_a_letter() -> None:
    """A paragraph of Chinese that speaks of rights is no notice, though it is short in letters."""
    prose = "播客节目由用户自己下载，一首歌可能出现数千个版本，作者说版权所有的字样没有人理会，" * 2
    assert len(letters(prose)) < DEFAULT_POLICY.max_phrase_block_letters
    assert with_line(prose) is None
    assert with_line("版权所有 江口晚报") is not None


# Lines known from the page, bars and captions


@pytest.mark.parametrize(
    "bar",
    [
        "<div class='share-bar'><a href='#'>Facebook</a> <a href='#'>WhatsApp</a></div>",
        "<ul><li><a href='#'>Facebook</a></li><li><a href='#'>Telegram</a></li></ul>",
        "<p>Share</p><p>WhatsApp</p>",
        "<div><button>Print</button><button>Copy link</button></div>",
        "<p>شارك الخبر: فيسبوك، تويتر</p>",
        "<p><a href='#'>שתפו</a> | <a href='#'>הדפסה</a></p>",
    ],
)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_share_bar_is_cut_wherever_it_stands(bar: str, place: int) -> None:
    parts = [f"<p>{text}</p>" for text in P]
    assert text_of(story(TITLE, "".join([*parts[:place], bar, *parts[place:]]))) == list(P)


@pytest.mark.parametrize(
    "box",
    [
        "<figure><img src='/a.jpg'><figcaption>A crane at the quay.</figcaption></figure>",
        "<div class='photo'><img src='/a.jpg'><p class='wp-caption-text'>A crane at the quay.</p></div>",
        "<div class='photo'><img src='/a.jpg'><div>A crane at the quay.</div></div>",
        "<div class='photo'><a href='/a'><img src='/a.jpg'></a><span>A crane at the quay.</span></div>",
        "<table><caption>A crane at the quay.</caption></table>",
    ],
)
def test_a_caption_is_no_paragraph(box: str) -> None:
    assert text_of(story(TITLE, paragraphs(*P[:2]) + box + paragraphs(*P[2:]))) == list(P)


def test_a_paragraph_beside_a_picture_stays() -> None:
    box = f"<div><img src='/a.jpg'><p>{P[1]}</p></div>"
    assert text_of(story(TITLE, paragraphs(P[0]) + box + paragraphs(*P[2:]))) == list(P)


def test_a_lead_that_is_also_the_alt_of_a_picture_stays() -> None:
    inside = f"<figure><img src='/a.jpg' alt='{P[0]}'></figure>{paragraphs(*P)}"
    page = story(TITLE, inside).replace("<title>", f'<meta name="description" content="{P[0]}"><title>')
    assert text_of(page) == list(P)


@pytest.mark.parametrize("line", [TITLE, f"{TITLE}.", f"«{TITLE.upper()}»", f"<b>{TITLE}</b>"])
@pytest.mark.parametrize("place", [0, 1, 4])
def test_the_headline_is_not_repeated_in_the_text(line: str, place: int) -> None:
    lines = [*P[:place], line, *P[place:]]
    assert text_of(story(TITLE, paragraphs(*lines))) == list(P)


def test_a_sentence_that_holds_the_headline_stays() -> None:
    line = f"“{TITLE}” was the headline of the paper on Monday."
    assert line in text_of(story(TITLE, paragraphs(*P, line)))


@pytest.mark.parametrize(
    "line",
    [
        "© 2026 The News of Harbour Town",
        "Copyright © The News. No part may be copied.",
        "The News. All rights reserved.",
        "جميع الحقوق محفوظة لصحيفة الساحل ٢٠٢٦",
        "کلیه حقوق این سایت محفوظ است",
        "כל הזכויות שמורות לעיתון החוף",
    ],
)
def test_a_copyright_line_is_cut(line: str) -> None:
    assert text_of(story(TITLE, paragraphs(*P, line))) == list(P)


@pytest.mark.parametrize(
    ("line", "known", "rule"),
    [
        ("Salma Haddad", {"people": frozenset({letters("Salma Haddad")})}, "page.byline"),
        ("A crane.", {"captions": frozenset({letters("A crane")})}, "page.caption"),
        ("New park!", {"headlines": frozenset({letters("New Park")})}, "page.headline"),
        ("Salma Haddad said so.", {"people": frozenset({letters("Salma Haddad")})}, None),
        ("<a href='/x'>Fishermen mend nets</a> today", {}, "structure.links"),
        ("One <a href='/x'>link</a> in a sentence", {}, None),
        ("Advertisement", {}, "phrase.en.ad.line.1"),
    ],
)
def test_a_line_is_judged_by_what_is_known(
    line: str, known: dict[str, frozenset[str]], rule: str | None
) -> None:
    assert with_line(line, **known) == rule


def test_a_linked_subheading_is_no_list_of_links() -> None:
    (block,) = blocks("<h2><a href='/x'>What opens when</a></h2>")
    assert judge(block, Known(), load_phrases(), NO_MEMORY, DEFAULT_POLICY) is None


def test_a_standfirst_printed_twice_is_read_once() -> None:
    assert text_of(story(TITLE, paragraphs(P[0], *P))) == list(P)


def test_short_answers_may_repeat() -> None:
    lines = [P[0], "“Yes.”", P[1], "“Yes.”", P[2]]
    assert text_of(story(TITLE, paragraphs(*lines))) == lines


def test_a_heading_over_nothing_is_cut_and_one_over_text_stays() -> None:
    inside = paragraphs(*P[:2]) + "<h2>What comes next</h2>" + paragraphs(*P[2:])
    inside += f"<h3>From our pages</h3><p>Read also: {TITLE} with trees, benches and a path for bicycles</p>"
    assert text_of(story(TITLE, inside)) == [*P[:2], "What comes next", *P[2:]]


def test_each_cut_names_its_rule() -> None:
    inside = paragraphs(P[0], "Read also: nets", P[1]) + "<div class='tags'>Parks</div>" + paragraphs(*P[2:])
    found = cuts(story(TITLE, inside))
    assert found["Read also: nets"] == "phrase.en.read_also.start.5"
    assert found["Parks"] == "structure.tags"
