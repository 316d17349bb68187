"""The short form of `make soak`, 8 kills or 20, and proof that the harness would notice what it looks for."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.crawling import THOROUGH, parts
from tests.soak.__main__ import report, table
from tests.soak.account import Account
from tests.soak.harness import Soak, due, judge
from tests.soak.inspection import Output, states
from tests.soak.kills import Kill, kills
from tests.soak.plain import PlainSoak
from tests.soak.site import Site
from tests.soak.steps import STEPS, Step
from tests.soak.victim import find

KILLS, ARTICLES, SEED = (20, 80, 6) if THOROUGH else (8, 40, 6)

pytestmark = pytest.mark.xdist_group("soak")


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Soak:
    """A soak that is over; its site is closed, its output still there."""
    soak = Soak(tmp_path_factory.mktemp("soak"), KILLS, ARTICLES, SEED)
    soak.run()
    return soak


def test_kills_lose_double_and_damage_nothing_and_nothing_is_fetched_again(soaked: Soak) -> None:
    assert soaked.account.broken() == {}
    assert soaked.account.kills.total() == KILLS
    assert soaked.account.articles >= ARTICLES  # a few more where a kill did not come


def judged(soaked: Soak, output: Path) -> dict[str, list[str]]:
    """What the harness says of an output."""
    account, found = Account(), Output(output)
    found.look()
    judge(account, found, soaked.site.articles(), soaked.site.decoys(), states(output))
    return account.broken()


def part(output: Path, dataset: str = "articles") -> Path:
    return next(path for path in parts(output) if path.parts[-3] == dataset)


def remove(output: Path) -> None:
    part(output).unlink()


def remove_rejected(output: Path) -> None:
    part(output, "rejected").unlink()


def double(output: Path) -> None:
    shutil.copy(part(output), part(output).with_name("part-other.parquet"))


def wipe_a_place(output: Path) -> None:
    data = bytearray(part(output).read_bytes())
    data[64:128] = bytes(64)  # column data: what readers skip, as the page index, harms nobody
    part(output).write_bytes(data)


def cut(output: Path) -> None:
    file = part(output)
    file.write_bytes(file.read_bytes()[:-100])


def take_back_a_state(output: Path) -> None:
    with closing(sqlite3.connect(output / ".state" / "ledger.sqlite")) as db, db:
        db.execute("UPDATE urls SET state = 'leased' WHERE url = (SELECT min(url) FROM urls)")


def forget_a_url(output: Path) -> None:
    with closing(sqlite3.connect(output / ".state" / "ledger.sqlite")) as db, db:
        db.execute("DELETE FROM urls WHERE url = (SELECT min(url) FROM urls)")


@pytest.mark.parametrize(
    ("accident", "expected"),
    [
        (remove, "missing"),
        (remove_rejected, "missing"),
        (double, "duplicates"),
        (wipe_a_place, "unreadable"),
        (cut, "unreadable"),
        (take_back_a_state, "unended"),
        (forget_a_url, "unended"),
    ],
)
def test_an_accident_to_the_output_is_noticed(
    soaked: Soak, tmp_path: Path, accident: Callable[[Path], None], expected: str
) -> None:
    output = tmp_path / "output"
    shutil.copytree(soaked.output, output)
    assert judged(soaked, output) == {}
    accident(output)
    assert expected in judged(soaked, output)


def test_a_request_for_a_page_that_was_fetched_is_noticed(tmp_path: Path) -> None:
    soak = Soak(tmp_path, 1, 1, SEED)
    with Site(tmp_path / "site", 1) as site:
        soak.site = site
        site.release(1)
        (url,) = site.articles()
        soak.done.add(url)
        soak.inspect()
        assert soak.account.broken() == {}
        get(url)
        soak.inspect()
    assert soak.account.broken() == {"refetched": [f"{url} was asked for again"]}


def test_a_kill_between_an_index_and_its_sitemaps_loses_none_of_their_articles(tmp_path: Path) -> None:
    soak = Soak(tmp_path, 1, 12, SEED)
    with Site(tmp_path / "site", 1) as site:
        soak.start(site)
        site.release(12)
        # The index answered, as the first of the places; what it lists was not asked for.
        assert soak.crawl(Kill(0.0, "place", "after")).killed
        assert soak.crawl().code == 0
        stored = {url for url, _ in soak.found.texts()}
    assert stored == site.articles().keys()


def get(url: str) -> None:
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc)) as connection:
        connection.request("GET", parts.path)
        assert connection.getresponse().status == 200


def test_a_soak_that_never_reached_a_step_says_so(tmp_path: Path) -> None:
    assert Soak(tmp_path, 200, 2_000, SEED).never_reached() == list(STEPS)


def test_a_broken_invariant_is_reported_with_its_seed_its_kill_and_the_folder(tmp_path: Path) -> None:
    account = Account(missing=["http://sahifa.test/1 (leased)"])
    account.note(next(kills(SEED)))
    said = "\n".join(report(account, account.broken(), SEED, tmp_path))
    for word in (
        f"seed {SEED}",
        str(next(kills(SEED))),
        str(tmp_path),
        "missing: 1",
        "sahifa.test/1 (leased)",
    ):
        assert word in said


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_every_step_is_a_function_of_the_code(step: Step) -> None:
    holder, name = find(step.target)
    assert callable(getattr(holder, name))


def test_two_hundred_kills_come_before_and_after_every_step_and_at_random_times() -> None:
    drawn = list(islice(kills(SEED), 200))
    at_steps = [(kill.step, kill.when) for kill in drawn if kill.step]
    for step in STEPS:
        assert min(at_steps.count((step, "before")), at_steps.count((step, "after"))) >= 2
    assert {kill.moment for kill in drawn if not kill.step} == {"start", "first request", "first article"}
    assert drawn == list(islice(kills(SEED), 200))


@pytest.mark.parametrize(("wanted", "articles"), [(200, 2_000), (20, 80), (3, 1), (5, 7)])
def test_articles_last_as_long_as_the_kills(wanted: int, articles: int) -> None:
    released = 0
    for done in range(wanted):
        count = due(wanted, done, articles, released)
        assert 0 <= count <= articles - released
        released += count
    assert released == articles


def test_plain_scrapy_is_killed_and_accounted_for_in_the_same_way(tmp_path: Path) -> None:
    soak = PlainSoak(tmp_path, 2, 20, SEED)
    account = soak.run()
    # What becomes of its articles is Scrapy's matter; each of them is accounted for.
    assert account.articles == 20
    assert account.kills.total() + account.ended_first >= 2
    assert len(soak.stored) + len(account.missing) >= 20
    assert any(line.split() == ["articles", "20"] for line in table({"plain": account}))
