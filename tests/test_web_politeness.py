"""What hosts wish is done, and a host in trouble is left alone; as the servers saw it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.web import polite
from tests.web.hosts import Outlet, hurried
from tests.web.scenes import Scene, politeness_scene
from tests.web.server import Entry

pytestmark = pytest.mark.xdist_group("web_politeness")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return politeness_scene(tmp_path_factory.mktemp("politeness"))


def titles(scene: Scene, host: Outlet) -> Counter[str]:
    return Counter(row["title"] for row in scene.stored(host))


@pytest.mark.parametrize("kind", polite.HOSTS, ids=lambda kind: kind.__name__)
def test_nothing_is_asked_for_that_should_not_be(scene: Scene, kind: type[Outlet]) -> None:
    host = scene.host(kind)
    assert host.violations(scene.log(host)) == []


@pytest.mark.parametrize(
    ("at", "seen"),
    [
        ((0, 1, 2, 3), []),
        ((0, 0.1, 0.2, 3), [0.1, 0.1]),
        ((0, 0.8, 1.6, 2.4), [0.8, 0.8, 0.8]),
        ((0, 1.3, 2, 3), []),  # the second came late, the third when it should
        ((0, 1.3, 2, 2.7), [0.7]),
        ((0, 5, 5.4), [0.4]),  # nothing comes so late
        ((0, 1.1, 1.8), [0.7]),
    ],
)
def test_who_hurries_is_seen_and_who_was_late_is_not(at: tuple[float, ...], seen: list[float]) -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    entries = [Entry(1, "a", f"/{when}", 200, 100 + when, 100 + when, moment, {}, 0) for when in at]
    assert hurried(entries, 1.0) == pytest.approx(seen)
    stated = replace(entries[0], path="/robots.txt")
    assert hurried([stated, *entries], 1.0) == pytest.approx(seen)


def test_the_first_page_may_come_late_too() -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    asked = [("/robots.txt", 0.0), ("/", 0.3), ("/news/1", 1.0), ("/news/2", 2.0)]
    entries = [Entry(1, "a", path, 200, at, at, moment, {}, 0) for path, at in asked]
    assert hurried(entries, 1.0) == []
    assert hurried(entries[1:], 1.0) == pytest.approx([0.7])


@pytest.mark.parametrize("kind", polite.HOSTS, ids=lambda kind: kind.__name__)
def test_every_article_that_can_be_had_is_stored_once(scene: Scene, kind: type[Outlet]) -> None:
    host = scene.host(kind)
    assert titles(scene, host) == Counter(told.title for told in host.expected())


def test_hosts_in_trouble_are_no_fault_of_the_run(scene: Scene) -> None:
    assert {finished.code for finished in scene.finished} <= {0, 5}, [f.err for f in scene.finished]


def test_a_healthy_neighbour_is_crawled_in_the_first_run(scene: Scene) -> None:
    host = scene.host(polite.Healthy)
    asked = Counter(entry.path for entry in scene.log(host, run=1))
    assert {path: asked[path] for path in host.paths()} == dict.fromkeys(host.paths(), 1)
    assert not {entry.path for entry in scene.log(host, run=2)} & host.paths()


def test_the_delay_a_host_asks_for_is_kept_and_the_longer_rule_wins(scene: Scene) -> None:
    host = scene.host(polite.CrawlDelay)
    asked = {entry.path for entry in scene.log(host, run=1)}
    assert host.paths() <= asked
    assert f"{host.origin}/private/open/120003/" in {row["url"] for row in scene.stored(host)}


def test_nothing_but_robots_txt_is_asked_for_while_it_fails(scene: Scene) -> None:
    host = scene.host(polite.RobotsDown)
    assert {entry.path for entry in scene.log(host, run=1)} == {"/robots.txt"}
    assert host.paths() <= {entry.path for entry in scene.log(host, run=2)}


@pytest.mark.parametrize("kind", [polite.RetryAfterSeconds, polite.RetryAfterDate])
def test_a_host_that_asks_for_a_pause_gets_it_and_is_crawled_after_it(
    scene: Scene, kind: type[polite.RetryAfterSeconds | polite.RetryAfterDate]
) -> None:
    host = scene.host(kind)
    assert [entry.status for entry in scene.log(host)].count(kind.status) == 1
    assert len(scene.log(host)) > 3
    assert len(scene.stored(host)) == host.count


@pytest.mark.parametrize("kind", [polite.Stalling, polite.Failing])
def test_articles_a_host_in_trouble_was_not_asked_for_wait_for_better_days(
    scene: Scene, kind: type[Outlet]
) -> None:
    host = scene.host(kind)
    asked = {f"{host.origin}{entry.path}" for entry in scene.log(host)}
    states = dict(scene.ledger("SELECT url, state FROM urls WHERE site = ?", host.name))
    waiting = {url: state for url, state in states.items() if url not in asked}
    assert len(waiting) >= host.count - 2 * polite.PATIENCE
    assert set(waiting.values()) == {"pending"}


def test_robots_txt_that_could_be_read_is_not_asked_for_again_within_the_day(scene: Scene) -> None:
    for kind in (polite.Healthy, polite.CrawlDelay, polite.Failing):
        assert len(scene.asked(scene.host(kind), "/robots.txt")) == 1
