"""Pages kept with an alarm: which, as what, for how long, and what happens where they cannot be kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.watch import Watched
from pipelines.health.alarms import Alarm, Sign, SignKind
from pipelines.records import Reason
from pipelines.store.cases import FOLDER, MAX_CASES, forget_cases, read_case, save_cases
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.raw import RawStore
from tests.helpers_store import NOW, article, page, rejected, stage

RUN = "run-1"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    with closing(opened):
        yield opened


@pytest.fixture
def raw(tmp_path: Path) -> RawStore:
    return RawStore(tmp_path / "raw", RUN)


def alarm(*kinds: SignKind, site: str = "sahifa") -> Alarm:
    return Alarm(site, RUN, NOW, tuple(Sign(kind, "as never before") for kind in kinds), RUN)


def url(number: int) -> str:
    return f"https://sahifa.test/news/{number}"


def kept(raw: RawStore, number: int, **known: str) -> tuple[str, int]:
    return raw.write(page(url=url(number), body=f"<p>{number}</p>".encode(), **known))


def add_article(ledger: Ledger, raw: RawStore, number: int, **known: object) -> None:
    name, offset = kept(raw, number)
    stage(ledger, article(url(number), f"text {number}", warc_file=name, warc_offset=offset, **known))


def add_rejected(ledger: Ledger, raw: RawStore, number: int, reason: Reason = Reason.NO_BODY) -> None:
    name, offset = kept(raw, number)
    stage(ledger, rejected(url(number), warc_file=name, warc_offset=offset, reason=reason))


def saved(ledger: Ledger, raw: RawStore, tmp_path: Path, of: Alarm) -> list[str]:
    """Addresses of the pages that are kept."""
    raw.close()
    files = save_cases(ledger.connection, tmp_path / "raw", tmp_path / "report", RUN, of)
    assert [Path(file).name for file in files] == [f"{n:02d}.warc.gz" for n in range(1, len(files) + 1)]
    return [read_case(Path(file)).url for file in files]


def test_a_case_is_the_page_as_it_was_fetched(ledger: Ledger, raw: RawStore, tmp_path: Path) -> None:
    add_article(ledger, raw, 1)
    add_rejected(ledger, raw, 2)
    raw.close()
    (file, *_) = save_cases(
        ledger.connection, tmp_path / "raw", tmp_path / "report", RUN, alarm(SignKind.BLOCKED)
    )
    assert Path(file) == tmp_path / "report" / FOLDER / RUN / "sahifa" / "01.warc.gz"
    found = read_case(Path(file))
    first = page(url=url(2), body=b"<p>2</p>")
    same = replace(first, headers=found.headers, warc_file=found.warc_file, warc_offset=0)
    assert found == same


def test_refused_pages_come_first_and_then_those_that_lack_most(
    ledger: Ledger, raw: RawStore, tmp_path: Path
) -> None:
    add_article(ledger, raw, 1, title="خبر", authors=("س",))
    add_article(ledger, raw, 2, published_date=None)
    add_rejected(ledger, raw, 3)
    assert saved(ledger, raw, tmp_path, alarm(SignKind.LAYOUT)) == [url(3), url(2), url(1)]


def test_each_kind_shows_its_own_pages(ledger: Ledger, raw: RawStore, tmp_path: Path) -> None:
    for number in range(1, 5):
        add_article(ledger, raw, number, language="en", char_count=1_000)
    add_article(ledger, raw, 5, language="ar", char_count=100)
    add_rejected(ledger, raw, 6)
    assert set(saved(ledger, raw, tmp_path, alarm(SignKind.LANGUAGE))) == {url(n) for n in range(1, 5)}
    assert saved(ledger, raw, tmp_path, alarm(SignKind.BOILERPLATE))[0] == url(5)
    assert saved(ledger, raw, tmp_path, alarm(SignKind.SILENT, SignKind.FAILING)) == []
    both = saved(ledger, raw, tmp_path, alarm(SignKind.LAYOUT, SignKind.LANGUAGE))
    assert len(both) == MAX_CASES == len(set(both))
    assert both[0] == url(6)


def test_pages_of_other_runs_and_sites_are_no_cases(ledger: Ledger, raw: RawStore, tmp_path: Path) -> None:
    add_article(ledger, raw, 1, run_id="run-0")
    add_article(ledger, raw, 2, site="other")
    assert saved(ledger, raw, tmp_path, alarm(SignKind.LANGUAGE)) == []


def test_those_of_the_latest_alarms_stay(tmp_path: Path) -> None:
    folders = [tmp_path / FOLDER / f"2026{n:04d}T060000-abcdef" / "sahifa" for n in range(30)]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "01.warc.gz").touch()
    other = folders[0].parent / "other"
    other.mkdir()
    forget_cases(tmp_path, "sahifa")
    assert [folder for folder in folders if folder.exists()] == folders[10:]
    assert other.is_dir()
    assert not folders[1].parent.exists()


@pytest.mark.parametrize("broken", ["disk", "raw"])
def test_an_alarm_without_cases_is_an_alarm(
    ledger: Ledger, raw: RawStore, tmp_path: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    add_article(ledger, raw, 1)
    raw.close()
    if broken == "disk":
        (tmp_path / "report").write_text("no folder")
    else:
        (file,) = (tmp_path / "raw").iterdir()
        file.write_bytes(file.read_bytes()[:-9])
    watched = Watched(RUN, "", [alarm(SignKind.LANGUAGE)], {"sahifa"})
    with caplog.at_level(logging.WARNING):
        watched.save_cases(ledger.connection, tmp_path / "raw", tmp_path / "report")
    assert watched.alarms == [alarm(SignKind.LANGUAGE)]
    assert "cannot keep pages for the alarm of sahifa" in caplog.text


def test_what_is_no_case_says_so(raw: RawStore, tmp_path: Path) -> None:
    (file := tmp_path / "page.html").write_text("<p>a page</p>")
    with pytest.raises(StoreError, match=r"page\.html at 0"):
        read_case(file)
