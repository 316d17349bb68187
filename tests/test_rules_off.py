"""A site file turns a rule off: that rule cuts nothing there, and every other rule goes on cutting."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.body.rules import checked_rule, rule_names
from pipelines.body.site_memory import NO_MEMORY, SiteMemory, block_key
from pipelines.clean import clean
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, crawl_newsroom, rows
from tests.helpers_clean import blocks, document, page, paragraphs, story

TITLE = "Ferry returns to the north pier"
P = (
    "The ferry between the town and the island will sail again from the north pier on the first of March.",
    "Engineers replaced the old wooden ramp over the winter, a job that took them eleven weeks in all.",
    "The mayor thanked the islanders, who had crossed in fishing boats since the autumn storms, for waiting.",
    "Tickets cost the same as before, and children under twelve travel free on weekdays until the summer.",
)
BEFORE, AFTER = paragraphs(*P[:2]), paragraphs(*P[2:])
SIGN = "The lamp on the quay shines for you"


def outcome(markup: str, *off: str, memory: SiteMemory = NO_MEMORY) -> tuple[list[str], dict[str, str]]:
    """Paragraphs of the page, and the rule of each removed block."""
    cleaned = clean(replace(page(markup), rules_off=off), memory=memory)
    assert isinstance(cleaned.result, Article), cleaned.result
    return cleaned.result.text.split("\n\n"), {block.text: block.rule for block in cleaned.removed}


def between(markup: str) -> str:
    """A story with this mark-up between its paragraphs."""
    return story(TITLE, BEFORE + markup + AFTER)


CASES = [
    (
        "structure.share",
        between('<div class="share-buttons">Send it to a friend</div>'),
        "Send it to a friend",
    ),
    (
        "structure.aside",
        between("<aside><p>The pier was built in 1911</p></aside>"),
        "The pier was built in 1911",
    ),
    ("structure.links", between('<p><a href="/2">The pier in pictures</a></p>'), "The pier in pictures"),
    ("structure.copyright", between("<p>© The Harbour Paper</p>"), "© The Harbour Paper"),
    (
        "phrase.en.read_also.start",
        between("<p>Read more: ramps of the coast</p>"),
        "Read more: ramps of the coast",
    ),
    ("page.headline", between(f"<p>{TITLE}</p>"), TITLE),
    ("page.repeated", story(TITLE, BEFORE + AFTER + paragraphs(P[0])), P[0]),
    (
        "structure.heading",
        story(TITLE, BEFORE + AFTER + "<h3>What comes next</h3><p>Read more: ramps of the coast</p>"),
        "What comes next",
    ),
    (
        "structure.picture",
        between('<div><img src="/p.jpg"><span>The ramp seen from the sea</span></div>'),
        "The ramp seen from the sea",
    ),
]


@pytest.mark.parametrize(("rule", "markup", "text"), CASES, ids=[case[0] for case in CASES])
def test_a_rule_that_is_off_cuts_nothing(rule: str, markup: str, text: str) -> None:
    kept, removed = outcome(markup)
    assert removed[text].startswith(rule)
    for off in (rule, removed[text], rule.split(".", maxsplit=1)[0]):
        kept_now, removed_now = outcome(markup, off)
        assert removed_now.get(text) is None, off
        assert kept_now.count(text) == kept.count(text) + 1, off


def test_site_memory_can_be_turned_off() -> None:
    markup = between(f"<p>{SIGN}</p>")
    inside = re.search("<body>(.*)</body>", markup, re.DOTALL)
    assert inside
    key = next(block_key(block, DEFAULT_POLICY) for block in blocks(inside.group(1)) if block.text == SIGN)
    memory = SiteMemory(frozenset({key}))
    assert outcome(markup, memory=memory)[1][SIGN] == "site_memory"
    assert SIGN in outcome(markup, "site_memory", memory=memory)[0]


def test_what_another_rule_says_still_holds() -> None:
    markup = between('<p><a href="/2">Read more: ramps of the coast</a></p>')
    text = "Read more: ramps of the coast"
    assert outcome(markup)[1][text].startswith("phrase.en.read_also")
    assert outcome(markup, "phrase")[1][text] == "structure.links"
    assert text in outcome(markup, "phrase", "structure.links")[0]


def test_a_rule_that_is_off_elsewhere_changes_nothing() -> None:
    markup = between('<p>Read more: ramps of the coast</p><div class="share">Send it</div>')
    assert outcome(markup, "phrase.ar", "structure.aside", "model") == outcome(markup)


def test_furniture_that_is_off_is_shown_to_the_extractor() -> None:
    """A site whose article stands in an element with an unlucky name gets its text back."""
    lost = "".join(f'<div class="promo"><p>{text}</p></div>' for text in P[2:3])
    markup = document(f"<h1>{TITLE}</h1><div>{BEFORE}{lost}{paragraphs(P[3])}</div>", TITLE)
    assert P[2] not in outcome(markup)[0]
    assert outcome(markup, "structure.promotion")[0] == list(P)


def test_every_rule_in_the_code_has_a_name_that_can_be_turned_off() -> None:
    for file in (ROOT / "pipelines" / "body").glob("*.py"):
        for name in re.findall(r'Cut\(\s*"([^"]+)"', file.read_text(encoding="utf-8")):
            if name != "extractor":
                assert checked_rule(name) == name


def test_the_reference_lists_every_rule_but_single_phrases() -> None:
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    table = text.split("\n## Rules that cut\n")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    families = {"phrase.LANGUAGE.KIND" if name.startswith("phrase.") else name for name in rule_names()}
    assert documented == families


def test_a_site_file_turns_rules_off_for_its_site_alone(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    for file in demo_crawl.sites.glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        if file.stem in ("sahifa-east", "harbour-ledger"):
            line = 'rules_off = ["phrase", "site_memory"]\n' if file.stem == "sahifa-east" else ""
            (tmp_path / file.name).write_text(line + text, encoding="utf-8")
    done = crawl_newsroom(demo_crawl.newsroom, tmp_path, tmp_path / "output")
    assert done.code == 0, done.err
    cut = {(row["site"], row["rule"].split(".")[0]) for row in rows(tmp_path / "output", "removed_blocks")}
    assert ("sahifa-east", "structure") in cut
    assert not {("sahifa-east", "phrase"), ("sahifa-east", "site_memory")} & cut
    assert ("harbour-ledger", "phrase") in cut
