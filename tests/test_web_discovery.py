"""Every article is found, however its site shows it, once, under whatever names; as the servers saw it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.web import discovery
from tests.web.hosts import Outlet
from tests.web.scenes import Scene, discovery_scene

pytestmark = pytest.mark.xdist_group("web_discovery")
per_host = pytest.mark.parametrize("kind", discovery.HOSTS, ids=lambda kind: kind.__name__)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return discovery_scene(tmp_path_factory.mktemp("discovery"))


def test_the_run_ends_well(scene: Scene) -> None:
    assert scene.finished[0].code == 0, scene.finished[0].err
    assert scene.finished[0].err == ""


@per_host
def test_every_article_is_stored_exactly_once(scene: Scene, kind: type[Outlet]) -> None:
    host = scene.host(kind)
    stored = Counter(row["title"] for row in scene.stored(host))
    assert stored == Counter(told.title for told in host.expected())


@per_host
def test_the_text_is_the_storys(scene: Scene, kind: type[Outlet]) -> None:
    host = scene.host(kind)
    texts = {told.text for told in host.expected()}
    assert [row["url"] for row in scene.stored(host) if row["text"] not in texts] == []


@per_host
def test_nothing_is_asked_for_that_should_not_be(scene: Scene, kind: type[Outlet]) -> None:
    host = scene.host(kind)
    assert host.violations(scene.log(host)) == []


@per_host
def test_no_address_is_asked_for_twice(scene: Scene, kind: type[Outlet]) -> None:
    host = scene.host(kind)
    asked = Counter(entry.path for entry in scene.log(host))
    assert {path: times for path, times in asked.items() if times > 1} == {}


@pytest.mark.parametrize(
    ("kind", "via"),
    [
        (discovery.RssLinked, "feed"),
        (discovery.AtomUsual, "feed"),
        (discovery.JsonLinked, "feed"),
        (discovery.OldEncoding, "feed"),
        (discovery.SitemapIndexed, "sitemap"),
        (discovery.SectionsOnly, "section"),
    ],
)
def test_what_the_home_page_lacks_is_found_where_it_stands(
    scene: Scene, kind: type[Outlet], via: str
) -> None:
    host = scene.host(kind)
    on_home = {told.title for told in host.stories[: host.on_home]}
    others = [row for row in scene.stored(host) if row["title"] not in on_home]
    assert len(others) == host.count - host.on_home
    assert {row["discovered_via"] for row in others} == {via}


def test_a_feed_that_nobody_names_is_looked_for_within_reason(scene: Scene) -> None:
    host = scene.host(discovery.AtomUsual)
    missed = [entry.path for entry in scene.log(host) if entry.status == 404]
    assert len(missed) <= 12, missed  # a handful of usual places each for feeds and sitemaps


def test_feeds_that_are_named_spare_the_guesses_at_usual_places(scene: Scene) -> None:
    for kind in (discovery.RssLinked, discovery.JsonLinked):
        host = scene.host(kind)
        guessed = [e.path for e in scene.log(host) if e.status == 404 and "sitemap" not in e.path]
        assert guessed == []


def test_a_feed_in_an_old_encoding_says_what_its_pages_do_not(scene: Scene) -> None:
    host = scene.host(discovery.OldEncoding)
    told = dict(host.items())
    rows = scene.stored(host)
    assert {row["url"] for row in rows} == set(told)
    for row in rows:
        story = told[row["url"]]
        assert row["title"] == story.title
        assert row["authors"] == [story.author]
        assert row["published_at"] == story.published
        assert row["published_source"] == "feed"


def test_the_addresses_that_differ_in_nothing_are_one_request(scene: Scene) -> None:
    host = scene.host(discovery.ManyNames)
    for place in (0, 4, 5, 6):
        # What of an address is left without parameters and session ids.
        path = host.path(host.stories[place])
        asked = [entry.path for entry in scene.log(host) if entry.path.startswith(path)]
        assert len(asked) == 1, asked
    escaped = [entry.path for entry in scene.log(host) if entry.path.lower().startswith("/news/%d8")]
    assert len(escaped) == 1, escaped


def test_pages_that_name_their_true_address_are_known_by_it(scene: Scene) -> None:
    host = scene.host(discovery.ManyNames)
    for place in (1, 3):  # a canonical that only drops the query is not believed: templates forget the id
        told = host.stories[place]
        found = [row["url_canonical"] for row in scene.stored(host) if row["title"] == told.title]
        assert found == [f"{host.origin}{host.path(told)}"]


def test_an_article_under_thirty_slugs_is_one_row(scene: Scene) -> None:
    host = scene.host(discovery.ManyNames)
    told = host.stories[8]
    assert sum(row["title"] == told.title for row in scene.articles) == 1
    assert sum(entry.path.startswith("/story/88123/") for entry in scene.log(host)) <= 30


def test_robots_txt_is_followed_where_it_moved(scene: Scene) -> None:
    host = scene.host(discovery.MovedRobots)
    assert len(scene.asked(host, "/r/robots.txt")) == 1
    assert not [entry for entry in scene.log(host) if entry.path.startswith("/private/")]


def test_robots_txt_is_the_first_thing_every_host_is_asked_for(scene: Scene) -> None:
    assert {scene.log(host)[0].path for host in scene.hosts} == {"/robots.txt"}
