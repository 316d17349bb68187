"""The gate on our own pages: what comes out exactly today comes out exactly tomorrow, and no figure falls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import golden
from benchmarks.golden import Floors, GoldenPage, Measured

PAGES = golden.load()
TODAY = golden.measure(PAGES)
PINNED = golden.read_floors()


def test_every_floor_holds() -> None:
    assert list(golden.fallen(PINNED, PAGES, TODAY)) == []


def test_the_floors_are_those_of_these_pages() -> None:
    assert PINNED.pages == golden.fingerprint(PAGES)
    assert set(PINNED.exact) <= {page.name for page in PAGES}
    assert set(PINNED.figures) == set(TODAY.figures)


def test_the_set_is_broad() -> None:
    articles = [page for page in PAGES if page.text is not None]
    assert len(articles) >= 25
    assert len(PAGES) - len(articles) >= 12


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_gold_does_not_contradict_itself(page: GoldenPage) -> None:
    """What must be cut is on the page and not in the text; the text has no empty or padded paragraph."""
    if page.text is None:
        return
    source = page.body.decode("windows-1251" if b"windows-1251" in page.body else "utf-8")
    for snippet in page.removed:
        assert snippet in source
        assert snippet not in page.text
    assert page.title
    assert all(part and part == " ".join(part.split()) for part in page.text.split("\n\n"))


# -- the gate itself

PAGE = GoldenPage("quay", b"<p>x", "The quay", "One.\n\nTwo.", (), None, ())


def floors(figures: dict[str, float], *exact: str, pages: tuple[GoldenPage, ...] = (PAGE,)) -> Floors:
    return Floors(golden.fingerprint(pages), figures, exact)


def test_a_page_that_is_no_longer_exact_is_named() -> None:
    said = list(golden.fallen(floors({}, "quay"), [PAGE], Measured({}, ())))
    assert said == ["page quay no longer comes out exactly"]


def test_a_page_cannot_be_dropped_to_please_the_gate() -> None:
    assert list(golden.fallen(floors({}, "quay", pages=()), [], Measured({}, ()))) == ["page quay is gone"]


def test_a_figure_below_its_floor_is_named() -> None:
    pinned = floors({"f1": 0.9, "leak": 0.1})
    assert list(golden.fallen(pinned, [PAGE], Measured({"f1": 0.9, "leak": 0.1}, ()))) == []
    assert len(list(golden.fallen(pinned, [PAGE], Measured({"f1": 0.89, "leak": 0.11}, ())))) == 2


def test_raising_never_lowers() -> None:
    pinned = floors({"f1": 0.9, "leak": 0.1}, "quay")
    worse = golden.raised(pinned, [PAGE], Measured({"f1": 0.8, "leak": 0.2}, ()))
    assert worse == pinned
    better = golden.raised(pinned, [PAGE], Measured({"f1": 0.95, "leak": 0.05}, ("mole",)))
    assert better.figures == {"f1": 0.95, "leak": 0.05}
    assert better.exact == ("mole", "quay")


def test_changed_pages_need_new_figures_but_keep_what_was_exact() -> None:
    pinned = floors({"f1": 0.9}, "quay")
    changed = [PAGE, replace(PAGE, name="mole", text="Three.")]
    harder = Measured({"f1": 0.7}, ())
    assert "pages or gold are not the pinned ones: pin them with --raise" in golden.fallen(
        pinned, changed, harder
    )
    anew = golden.raised(pinned, changed, harder)
    assert anew.figures == {"f1": 0.7}
    assert list(golden.fallen(anew, changed, harder)) == ["page quay no longer comes out exactly"]


def test_floors_are_written_as_they_are_read(tmp_path: Path) -> None:
    pinned = floors({"f1": 0.9, "head": 0.0}, "mole", "quay")
    golden.write_floors(pinned, tmp_path / "floors.toml")
    assert golden.read_floors(tmp_path / "floors.toml") == pinned
    assert golden.read_floors(tmp_path / "none.toml") == Floors("", {}, ())


def test_a_text_that_lost_a_character_is_not_exact() -> None:
    """One ZWNJ less and the page is no longer exact, nor is its paragraph found."""
    page = next(page for page in PAGES if page.name == "br-paragraphs-fa")
    assert page.text is not None
    assert page.name in golden.measure([page]).exact
    damaged = replace(page, text=page.text.replace("مینی\u200cبوسی", "مینیبوسی"))
    found = golden.measure([damaged])
    assert found.exact == ()
    assert found.figures["para"] == 0.75
    assert any(line.startswith("br-paragraphs-fa: +") for line in golden.difference(damaged))
