"""The data card: a header that hubs read, tables that hold, and nothing of strangers but their words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from benchmarks import gate
from pipelines import EXTRACTOR_VERSION
from pipelines.card.card import card
from pipelines.card.data import MARK, CardData
from pipelines.card.figures import gathered
from pipelines.card.header import header, languages
from pipelines.card.markdown import escaped, table
from pipelines.card.notes import BEGIN, END, kept_notes, with_notes
from pipelines.card.scores import FIGURES, KINDS, Scores, SetScores, dump_scores, gate_scores, parse_scores
from pipelines.health.waterfall import Ends, of_ends
from pipelines.store.schema import SCHEMAS
from tests.crawling import ROOT
from tests.helpers_card import cell, data, figures

HOSTILE = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("|`*_<>[](){}#&\\!~\"'\n\r\t-:/@.\u202e\u2066\u200f\u200c\x00\x1b"),
    ),
    max_size=60,
)


def text(found: CardData, notes: str | None = None) -> str:
    return card(found, gate_scores(), notes)


def tables(found: str) -> dict[str, list[list[str]]]:
    """Heading -> the cells of the tables below it, as a reader of Markdown has them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(found.split("\n---\n", 1)[1])
    rows: dict[str, list[list[str]]] = {}
    heading = ""
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[at + 1].content
        elif token.type == "tr_open":
            rows.setdefault(heading, []).append([])
        elif token.type in ("th_open", "td_open"):
            inline = tokens[at + 1].children or []
            rows[heading][-1].append("".join(each.content for each in inline if each.type == "text"))
    return rows


# -- the header


def front_matter(found: CardData) -> dict[str, Any]:
    opening, plain, rest = header(found).split("---\n")
    assert (opening, rest) == ("", "")
    loaded: dict[str, Any] = yaml.safe_load(plain)
    return loaded


def test_the_header_is_what_hubs_read() -> None:
    found = front_matter(
        data(
            figures(cell(kind="no", rows=900), cell(kind="ar", rows=2_000), cell(kind="und", rows=5)),
            figures(cell(kind="no_body"), dataset="rejected"),
        )
    )
    assert found["language"] == ["ar", "no"]  # and not False, as YAML has it
    assert found["size_categories"] == ["1K<n<10K"]
    assert (found["license"], found["license_name"]) == ("other", "rights-of-the-publishers")
    assert found["multilinguality"] == ["multilingual"]
    assert [config["config_name"] for config in found["configs"]] == ["articles", "rejected"]
    assert [config.get("default") for config in found["configs"]] == [True, None]
    path = "articles/fetch_date=*/*.parquet"
    assert found["configs"][0]["data_files"] == [{"split": "train", "path": path}]
    assert all(len(tag) < 30 for tag in found["tags"])


@pytest.mark.parametrize(
    ("rows", "size"), [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (10**9, "n>1B"), (10**12, "n>1B")]
)
def test_sizes_are_the_steps_of_hubs(rows: int, size: str) -> None:
    assert front_matter(data(figures(cell(rows=rows))))["size_categories"] == [size]


def test_an_empty_dataset_has_a_header_without_configs() -> None:
    found = front_matter(data())
    assert "configs" not in found
    assert "language" not in found


@given(st.lists(HOSTILE, max_size=5))
def test_languages_are_codes(kinds: list[str]) -> None:
    assert all(re.fullmatch("[a-z]{2,3}", code) for code in languages([cell(kind=kind) for kind in kinds]))


# -- the body


def test_counts_stand_in_their_tables() -> None:
    dated = {"dated": 2, "near": 1, "first_published": "2026-11-01", "last_published": "2026-11-02"}
    found = text(
        data(
            figures(cell(**dated), cell("rozname", "fa", 1), sahifa="صحيفة الشرق"),
            figures(cell(kind="no_body", rows=7), cell("silent", "blocked", 2), dataset="rejected"),
        )
    )
    rows = tables(found)
    assert "**4 articles** in 4 versions, from 2 sites and in 2 languages" in found
    sites = {row[0]: row for row in rows["Sites"]}
    assert sites["sahifa"][1:4] == ["صحيفة الشرق", "3", "3"]
    assert sites["sahifa"][6:] == ["67%", "33%", "0%", "7", "2026-11-01 to 2026-11-02", "2026-11-21"]
    assert sites["silent"][2:10] == ["0", "0", "0", "0", "", "", "", "2"]
    assert [row[:2] for row in rows["Languages"]] == [["language", "articles"], ["ar", "3"], ["fa", "1"]]
    assert ["no_body", "7"] in rows["Pages turned away"]
    assert [row[2] for row in rows["How it was made"]] == ["rows", "4", "9", "0"]


def test_the_steps_of_addresses_stand_with_their_reasons() -> None:
    ends = Ends(articles=7)
    ends.states.update(committed=9, rejected=4, pending=2)
    ends.rejected.update(no_body=3, soft_404=1)
    rows = tables(text(data(figures(cell()), steps=of_ends(ends))))["From addresses to articles"]
    assert rows[1:] == [
        ["discovered", "15", "", ""],
        ["fetched", "13", "2", "pending 2"],
        ["cleaned", "9", "4", "no_body 3, soft_404 1"],
        ["published", "7", "2", "copy 2"],
    ]


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_every_column_is_told_of(dataset: str) -> None:
    rows = text(data()).split(f"### {dataset}\n")[1].split("\n#")[0]
    assert re.findall(r"^\| `(\w+)`", rows, re.MULTILINE) == SCHEMAS[dataset].names


def test_what_could_not_be_read_is_named_and_the_rest_is_shown() -> None:
    counted = gathered([figures(cell())], ["articles/x.parquet: is missing"])
    found = text(data(counted=counted, missing=("ledger.sqlite has ledger version 9, this is 7",)))
    section = found.split("## Not counted")[1].split("\n## ")[0]
    assert "is missing" in section
    assert "ledger version 9" in section
    assert "**3 articles**" in found
    assert "## Not counted" not in text(data(figures(cell())))


@pytest.mark.parametrize(
    ("runs", "said"), [(0, "by others."), (1, r"by run r\-1."), (2, r"by 2 runs, the last of them run r\-1.")]
)
def test_runs_are_told_as_many_as_are_known(runs: int, said: str) -> None:
    assert f"published {said}" in text(data(figures(cell()), runs=runs, last_run="r-1"))


def test_nothing_published_is_said() -> None:
    found = text(data(runs=0, last_run=""))
    assert "Nothing has been published here yet." in found
    assert "## Sites" not in found
    assert "## Columns" in found


def test_a_thousand_sites_and_one_are_shortened() -> None:
    found = text(data(figures(*(cell(f"site-{number:04}", rows=1) for number in range(1_005)))))
    assert "And 5 sites more, with 5 articles." in found
    assert len(tables(found)["Sites"]) == 1_001


@settings(max_examples=25)  # each parses two cards
@given(HOSTILE, HOSTILE, HOSTILE)
def test_strangers_words_stay_in_their_cells(publisher: str, language: str, reason: str) -> None:
    given = data(
        figures(cell(kind=language), sahifa=publisher),
        figures(cell(kind=reason), dataset="rejected"),
        missing=(publisher,),
    )
    found = text(given)
    plain = text(
        data(figures(cell(), sahifa="x"), figures(cell(kind="x"), dataset="rejected"), missing=("x",))
    )
    rows, expected = tables(found), tables(plain)
    assert rows.keys() == expected.keys()
    for heading in ("Sites", "Languages", "Pages turned away"):
        assert [len(row) for row in rows[heading]] == [len(row) for row in expected[heading]]
    tags = set(re.findall(r"<[^>]*>", found.split("\n---\n", 1)[1]))
    assert tags == {"<bdi>", "</bdi>", f"<!-- {MARK} -->", BEGIN, END} - (
        set() if escaped(publisher) else {"<bdi>", "</bdi>"}
    )
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00\x1b]", found)


@given(HOSTILE)
def test_escaped_text_is_shown_as_it_was(given_text: str) -> None:
    shown = MarkdownIt("commonmark").enable("table").parse("\n".join(table(["h"], [[escaped(given_text)]])))
    at = next(number for number, token in enumerate(shown) if token.type == "td_open")
    children = shown[at + 1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    words = re.sub("[\x00-\x1f]", " ", given_text).split()
    cut = "".join(child.content for child in children)
    assert all(word in cut for word in words if word.isalpha() and len(given_text) < 60)


# -- notes of one's own


def test_notes_survive() -> None:
    first = text(data())
    assert kept_notes(first) == "\n"
    mine = first.replace(f"\n{END}", f"\nAsk *me* | <b>first</b>.\n{END}")
    again = text(data(figures(cell())), kept_notes(mine))
    assert kept_notes(again) == "\nAsk *me* | <b>first</b>.\n"
    assert "**3 articles**" in again


def test_a_card_of_others_has_none() -> None:
    assert kept_notes("# Mine\n") is None
    assert kept_notes(f"{MARK} {BEGIN} a note without its end") is None
    assert kept_notes(f"{MARK} the lines are gone") is None
    assert kept_notes(f"{MARK}{with_notes(None)}") == "\n"


# -- scores


def test_the_scores_are_the_pinned_ones_of_this_version() -> None:
    _, floors = gate.read_floors()
    scores = gate_scores()
    assert scores.version == EXTRACTOR_VERSION
    assert scores.sets.keys() == floors.keys() == KINDS.keys()
    for name, each in scores.sets.items():
        assert each.ours == {key: floors[name][key] for key in FIGURES if key in floors[name]}, name


def test_scores_come_back_from_the_file() -> None:
    assert parse_scores(dump_scores(gate_scores())) == gate_scores()
    assert tomllib.loads(dump_scores(gate_scores()))["fundus"]["pages"] > 100


def test_to_raise_the_floors_renews_the_scores() -> None:
    known = Scores("0.0.1", "trafilatura 1", {"seeds": SetScores(4, {"f1": 0.5}, {"f1": 0.4})})
    floors = {"rtl": {"f1": 0.9, "rec": 0.8}}
    found = gate.card_scores(known, floors, {"rtl": {"n": 10, "f1": 0.85555}})
    assert (found.version, found.peer.split()[0]) == (EXTRACTOR_VERSION, "trafilatura")
    assert list(found.sets) == ["rtl", "seeds"]
    assert found.sets["rtl"] == SetScores(10, {"f1": 0.9, "rec": 0.8}, {"f1": 0.855})
    assert found.sets["seeds"] == known.sets["seeds"]


_SCORER = """
import json, sys
figures = {"f1": 0.91, "n": 7} if sys.argv[-1] != "trafilatura" else {"f1": 0.8, "n": 7}
with open(sys.argv[sys.argv.index("--json") + 1], "w") as file:
    json.dump({name: {sys.argv[-1]: figures} for name in sys.argv[2].split(",")}, file)
"""


def test_floors_and_scores_are_written_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "score.py").write_text(_SCORER, encoding="utf-8")
    for name in ("rtl", "seeds"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "gold.jsonl").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(gate, "FLOORS", tmp_path / "floors.toml")
    monkeypatch.setattr(gate, "CARD", tmp_path / "gate_scores.toml")
    scorer = ["--score", str(tmp_path / "bench" / "score.py"), "--raise"]
    for arguments in (scorer, [*scorer, "--sets", "rtl"]):
        assert gate.main(arguments) == 0
        assert gate.read_floors()[1] == {"rtl": {"f1": 0.91}, "seeds": {"f1": 0.91}}
        found = parse_scores(gate.CARD.read_text(encoding="utf-8"))
        assert found.sets == dict.fromkeys(("rtl", "seeds"), SetScores(7, {"f1": 0.91}, {"f1": 0.8}))


def test_scores_of_another_version_are_said_to_be_so() -> None:
    assert "not used here" not in text(data(figures(cell())))
    other = Scores("9.9.9", "trafilatura", gate_scores().sets)
    assert "khabar-9.9.9, not used here, reaches" in card(data(figures(cell())), other)


def test_the_figures_of_unseen_sites_are_those_that_were_measured() -> None:
    """`docs/measuring.md` has them, out of fold."""
    measured = (ROOT / "docs" / "measuring.md").read_text(encoding="utf-8")
    for name, value in (("fundus", "98.9"), ("daniel", "93.9"), ("chinese", "87.6"), ("wcxb", "95.6")):
        row = re.search(rf"^\| {name} \|.*$", measured, re.MULTILINE)
        assert row
        assert row[0].split("|")[-2].strip() == f"{float(value) / 100:.3f}"
        assert value in text(data())
