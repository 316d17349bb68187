"""One crawl of the hostile web: every kind of hostile page, host and answer among good articles.

What it leaves is held against what each address must end as; `make hostile` does it with 1,000 good articles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile import judge
from tests.hostile.__main__ import figures
from tests.hostile.runner import Outcome, crawl
from tests.hostile.world import SHORT

_ARTICLES = 150
# Enough for the good articles of a host and for fifty sitemaps; floods end here.
_BUDGET = 120
Judge = Callable[[Outcome], Iterator[str]]

pytestmark = pytest.mark.xdist_group("hostile")


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    outcome = crawl(
        tmp_path_factory.mktemp("hostile"),
        _ARTICLES,
        SHORT,
        _BUDGET,
        NEWS_WORKERS="2",
        NEWS_PAGE_SECONDS="30",
    )
    print("\n".join(("", *figures(outcome))))  # noqa: T201  # shown where a test fails
    return outcome


def holds(judge: Judge, outcome: Outcome) -> None:
    assert list(judge(outcome)) == []


def test_every_good_article_is_stored_once_with_its_own_text(crawled: Outcome) -> None:
    assert len(crawled.world.articles()) == _ARTICLES
    holds(judge.good_articles, crawled)


def test_every_hostile_address_stands_where_it_must(crawled: Outcome) -> None:
    holds(judge.hostile_addresses, crawled)


def test_no_hostile_host_is_asked_too_much_or_fills_the_ledger(crawled: Outcome) -> None:
    holds(judge.hosts, crawled)


def test_the_run_ends_well_and_names_the_hosts_that_gave_nothing(crawled: Outcome) -> None:
    holds(judge.ending, crawled)


def test_the_log_has_no_traceback_and_no_line_of_a_page(crawled: Outcome) -> None:
    holds(judge.log, crawled)


def test_no_file_of_this_machine_and_no_password_is_in_the_output(crawled: Outcome) -> None:
    holds(judge.secrets, crawled)


def test_nobody_was_asked_who_may_not_be_and_no_port_was_open(crawled: Outcome) -> None:
    holds(judge.reach, crawled)


def test_memory_stays_within_its_bounds(crawled: Outcome) -> None:
    assert crawled.figures.own_peak > 0
    assert crawled.figures.worker_peak > 0
    holds(judge.memory, crawled)


def test_the_probe_looked_at_the_reactor(crawled: Outcome, tmp_path: Path) -> None:
    """How late it was depends on the machine; `make hostile` judges it."""
    assert crawled.figures.lag["samples"] > 100
