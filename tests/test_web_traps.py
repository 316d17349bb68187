"""Ways without end cost a bounded number of requests, and no article; as the servers saw it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.web import traps
from tests.web.hosts import Outlet
from tests.web.scenes import Scene, traps_scene

pytestmark = pytest.mark.xdist_group("web_traps")
per_host = pytest.mark.parametrize("kind", traps.HOSTS, ids=lambda kind: kind.__name__)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return traps_scene(tmp_path_factory.mktemp("traps"))


def test_the_run_ends_well(scene: Scene) -> None:
    assert scene.finished[0].code == 0, scene.finished[0].err


@per_host
def test_the_articles_are_all_found(scene: Scene, kind: type[Outlet]) -> None:
    host = scene.host(kind)
    stored = Counter(row["title"] for row in scene.stored(host))
    assert stored == Counter(told.title for told in host.expected())


@per_host
def test_the_way_without_end_is_left_after_a_while(scene: Scene, kind: type[Outlet]) -> None:
    host = scene.host(kind)
    assert len(scene.log(host)) <= host.count + traps.MOST_PLACES
    assert host.violations(scene.log(host)) == []


@per_host
def test_no_address_is_asked_for_twice(scene: Scene, kind: type[Outlet]) -> None:
    asked = Counter(entry.path for entry in scene.log(scene.host(kind)))
    assert {path: times for path, times in asked.items() if times > 1} == {}
