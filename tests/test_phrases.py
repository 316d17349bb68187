"""The phrase rules: what each language's files hold, what they match and what they leave alone."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.body.boilerplate import Known, judge
from pipelines.body.phrases import load_phrases
from pipelines.body.site_memory import NO_MEMORY
from pipelines.body.words import cased_words, folded_words
from pipelines.normalize import letters
from pipelines.policy import DEFAULT_POLICY
from tests.helpers_clean import blocks, document, paragraphs, text_of

LINES: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("phrase_lines.toml").read_text(encoding="utf-8")
)
REQUIRED = set("ar fa ur he tr en fr de es ru el pl zh".split())
KINDS = set(
    "read_also share author byline dateline read_time views clock weather prayer currency ticker newsletter "
    "app follow ad tags comments consent copyright sign_off credit back_to_top tools paywall report "
    "donate contact".split()
)
PLACES = {"line", "start", "end", "contains"}
SAMPLE = {"{number}": "12", "{number?}": "", "{date}": "3 December 2026", "{name}": "Jane Roe"}


def phrases_of_files() -> dict[str, list[tuple[str, str, str]]]:
    """Language -> (kind, place, phrase) of its file."""
    found = defaultdict(list)
    for entry in files("pipelines.body").joinpath("phrases").iterdir():
        for kind, places in tomllib.loads(entry.read_text(encoding="utf-8")).items():
            found[entry.name.removesuffix(".toml")] += [
                (kind, place, text) for place, some in places.items() for text in some
            ]
    return dict(found)


PHRASES = phrases_of_files()


def test_every_language_promised_has_a_file_and_lines_of_its_own_here() -> None:
    assert PHRASES.keys() >= REQUIRED
    assert PHRASES.keys() == LINES.keys()


@pytest.mark.parametrize("language", sorted(REQUIRED))
def test_every_kind_of_furniture_is_known_in_every_language_promised(language: str) -> None:
    assert {kind for kind, *_ in PHRASES[language]} == KINDS


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_a_file_says_nothing_that_is_not_read(language: str) -> None:
    assert {kind for kind, *_ in PHRASES[language]} <= KINDS
    assert {place for _, place, _ in PHRASES[language]} <= PLACES
    said = [entry for entry in PHRASES[language] if not folded_words(entry[2])]
    assert said == []
    assert len(PHRASES[language]) == len(set(PHRASES[language]))


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_a_phrase_matches_itself_in_its_place(language: str) -> None:
    rules = load_phrases()
    missed = []
    for kind, place, phrase in PHRASES[language]:
        text = phrase
        for slot, words in SAMPLE.items():
            text = text.replace(slot, words)
        text = {
            "line": text,
            "start": f"{text} nets",
            "end": f"nets {text}",
            "contains": f"nets {text} nets",
        }[place]
        if rules.match(text) is None:
            missed.append((kind, place, phrase))
    assert missed == []


@pytest.mark.parametrize(
    ("language", "line"),
    [(language, line) for language, lines in LINES.items() for line in lines["furniture"]],
)
def test_a_line_of_furniture_is_cut(language: str, line: str) -> None:
    (block,) = blocks(f"<div><p>{line}</p></div>")
    assert judge(block, Known(), load_phrases(), NO_MEMORY, DEFAULT_POLICY) is not None


@pytest.mark.parametrize(
    ("language", "line"), [(language, line) for language, lines in LINES.items() for line in lines["prose"]]
)
def test_a_sentence_that_begins_like_furniture_stays(language: str, line: str) -> None:
    (block,) = blocks(f"<div><p>{line}</p></div>")
    assert judge(block, Known(), load_phrases(), NO_MEMORY, DEFAULT_POLICY) is None


@settings(max_examples=60, deadline=None)
@given(
    phrase=st.sampled_from([entry for entries in PHRASES.values() for entry in entries]),
    filler=st.sampled_from(["harbour ", "الميناء ", "码头", "порт "]),
)
def test_a_phrase_never_cuts_a_block_longer_than_a_teaser(phrase: tuple[str, str, str], filler: str) -> None:
    most = DEFAULT_POLICY.max_phrase_block_letters
    long = f"{phrase[2]} {filler * most}"
    assert len(letters(long)) > most
    (block,) = blocks(f"<div><p>{long}</p></div>")
    cut = judge(block, Known(), load_phrases(), NO_MEMORY, DEFAULT_POLICY)
    assert cut is None or not cut.rule.startswith("phrase.")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_matching_never_fails_and_names_a_rule_of_the_files(text: str) -> None:
    rules = load_phrases()
    rule = rules.match(text)
    assert rule is None or rule.name in rules.names


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_folding_is_stable(text: str) -> None:
    words = folded_words(text)
    assert folded_words(" ".join(words)) == words
    assert all(cased_words(text))


# Slots, places and speech


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("By Jane Roe", "byline"),
        ("By Jane van der Roe and John Poe", "byline"),
        ("By the time they came", None),
        ("By Jane Roe said so.", None),
        ("Updated Tuesday, 3 December 2026 at 14:30 GMT", "dateline"),
        ("Updated the plan in 2026", None),
        ("1.2k views", "views"),
        ("many views", None),
        ("Share", "share"),
        ("Facebook 12 Twitter 3 Email", "share"),
        ("Facebook 12", None),
        ("Facebook, Twitter and the port", None),
        ("“Sign up for our walk,” she said.", None),
        ("“Read also”: nets", "read_also"),
        ("The nets are mended. All rights reserved.", "copyright"),
    ],
)
def test_a_line_falls_under_its_kind(line: str, kind: str | None) -> None:
    rule = load_phrases().match(line)
    assert (rule.kind if rule else None) == kind


@pytest.mark.parametrize(
    ("markup", "cut"),
    [
        ("<p>Weather</p>", True),
        ("<h2>Weather</h2>", False),
        ("<table><tr><td>Updated 3 December 2026</td></tr></table>", False),
        ("<h3>Related articles</h3>", True),
    ],
)
def test_a_word_that_may_head_a_chapter_or_a_row_is_no_furniture_there(markup: str, cut: bool) -> None:
    (block,) = blocks(f"<div>{markup}</div>")
    found = judge(block, Known(), load_phrases(), NO_MEMORY, DEFAULT_POLICY)
    assert (found is not None) == cut


def test_chinese_furniture_goes_and_the_article_stays() -> None:
    lines = [
        "港口城市的议会周一表示，新公园将于明年春天向所有人开放，届时渔民也可以在码头旁边摆摊出售海产品，居民期待已久。",
        "旧码头的工程两年前开始，耗资三百万，其中三分之一由港口承担，其余部分来自市政预算和居民捐助，账目已经公布。",
        "居民要求增加树荫、长椅和自行车道，建筑师因此重新绘制了图纸，并在市政厅展出了两个星期，听取各方意见。",
    ]
    inside = paragraphs(
        lines[0], "相关阅读：渔民修补渔网", lines[1], lines[2], "责任编辑：王小明", "返回顶部"
    )
    assert text_of(document(f"<article><h1>新公园开放</h1>{inside}</article>", "新公园开放", "zh")) == lines
