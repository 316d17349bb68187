"""What hosts wish is done, and a host in trouble is left alone; as the servers saw it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.web import polite
from tests.web.hosts import Outlet
from tests.web.scenes import Scene, politeness_scene

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
