"""What servers see of a crawl: counted from their own log, over two runs of one day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crawling import Finished, scrapy
from tests.helpers_hosts import Answer, Hosts, rules, site

RULES, OUT, PAUSED, DEAD, WELL, BUDGET, BIG, SOFT, LOOP, MOVED, MUTE = (
    f"127.0.3.{number}" for number in range(1, 12)
)
PAGES = 12
ALLOWED_PAGES = 14
CRAWL_DELAY = 2
HTML = (("Content-Type", "text/html"),)

SITES = {
    RULES: site(rules("User-agent: *", f"Crawl-delay: {CRAWL_DELAY}", "Disallow: /p1")),
    OUT: site(Answer(503)),
    PAUSED: site(rules("User-agent: *"), Answer(429, headers=(("Retry-After", "3600"),))),
    DEAD: site(rules("User-agent: *"), Answer(500)),
    WELL: site(),
    BUDGET: site(rules("User-agent: *")),
    BIG: site(rules("User-agent: *", "Disallow: /p1$", *["# filler"] * 1_200_000, "Disallow: /p2$")),
    SOFT: site(Answer(body=b"<html>\nUser-agent: *\nDisallow: /\n</html>", headers=HTML)),
    LOOP: lambda path: Answer(301, headers=(("Location", f"{path}?"),)) if "robots" in path else Answer(),
    MOVED: site(),  # told below where to
    MUTE: site(Answer(seconds=20.0)),
}
COUNTS = {RULES: 4, OUT: 3, BUDGET: ALLOWED_PAGES + 6, BIG: 3, SOFT: 2, LOOP: 2, MOVED: 3, MUTE: 2}


@dataclass(frozen=True)
class Crawled:
    """Two crawls of the same pages, and what the servers saw of each."""

    hosts: Hosts
    first: Finished
    second: Finished
    seen_first: Hosts
    seen_second: Hosts


def crawl(hosts: Hosts, folder: Path, *more: str) -> Finished:
    """Ask for some pages of every host."""
    urls = [
        hosts.url(address, f"/p{number}")
        for address in hosts.answers
        for number in range(1, COUNTS.get(address, PAGES) + 1)
    ]
    (folder / "urls.txt").write_text("\n".join(urls), encoding="utf-8")
    settings = {
        "NEWS_OUTPUT": folder / "output",
        "NEWS_ALLOW_PRIVATE": hosts.allowed,
        "NEWS_HOST_BUDGET": ALLOWED_PAGES,
        "NEWS_WORKERS": 1,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_TIMEOUT": 5,
        "CONCURRENT_REQUESTS": 500,  # what waits for its host's turn counts, too
    }
    given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    return scrapy("crawl", "urls", "-a", f"file={folder / 'urls.txt'}", "-L", "WARNING", *given, *more)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("polite")
    with Hosts(dict(SITES)) as hosts:
        elsewhere = hosts.url(WELL, "/rules-of-another-host")
        hosts.answers[MOVED] = site(Answer(302, headers=(("Location", elsewhere),)))
        moved = rules("User-agent: Khabar", "Disallow: /p2")
        hosts.answers[WELL] = lambda path: moved if "rules" in path else SITES[WELL](path)
        first = crawl(hosts, folder)
        seen_first = Hosts(hosts.answers, list(hosts.log))
        hosts.log.clear()
        hosts.answers[OUT] = site(rules("User-agent: *"))
        second = crawl(hosts, folder)
        yield Crawled(hosts, first, second, seen_first, Hosts(hosts.answers, list(hosts.log)))


def pages(*numbers: int) -> list[str]:
    return [f"/p{number}" for number in numbers]


pytestmark = pytest.mark.xdist_group("polite")


def test_both_runs_end_well(crawled: Crawled) -> None:
    assert (crawled.first.code, crawled.second.code) == (0, 0), crawled.first.err + crawled.second.err
    assert "Traceback" not in crawled.first.err + crawled.second.err


def test_forbidden_pages_are_not_asked_for_and_robots_txt_once_for_all_who_wait(crawled: Crawled) -> None:
    assert sorted(crawled.seen_first.asked(RULES)) == pages(2, 3, 4)
    for address in (RULES, PAUSED, DEAD, WELL, BUDGET, BIG, SOFT):
        assert crawled.seen_first.asked(address, robots=True) == ["/robots.txt"], address


def test_robots_txt_is_not_asked_for_again_on_the_same_day(crawled: Crawled) -> None:
    for address in (RULES, PAUSED, DEAD, WELL, BUDGET, BIG, SOFT, LOOP, MOVED):
        assert crawled.seen_second.asked(address, robots=True) == [], address
    assert "/p1" not in crawled.seen_second.asked(RULES), "what it said is remembered"


def test_requests_keep_the_crawl_delay(crawled: Crawled) -> None:
    """The whole series, since a single request may reach the server late."""
    times = [entry.at for entry in crawled.seen_first.log if entry.host == RULES]
    assert len(times) == 4
    assert times[-1] - times[0] >= CRAWL_DELAY * 3 * 0.9


def test_a_host_whose_robots_txt_fails_is_left_alone_until_the_next_run(crawled: Crawled) -> None:
    assert crawled.seen_first.asked(OUT) == []
    assert crawled.seen_first.asked(OUT, robots=True) == ["/robots.txt"]
    assert sorted(crawled.seen_second.asked(OUT)) == pages(1, 2, 3)
    assert f"http://{crawled.hosts.netloc(OUT)}: no robots.txt" in crawled.first.err


def test_a_robots_txt_that_never_comes_keeps_us_out_too(crawled: Crawled) -> None:
    assert crawled.seen_first.asked(MUTE) == []
    assert crawled.seen_first.asked(MUTE, robots=True) == ["/robots.txt"] * 2


def test_retry_after_stops_all_requests_of_the_host_in_the_next_run_too(crawled: Crawled) -> None:
    assert len(crawled.seen_first.asked(PAUSED)) == 1
    assert crawled.seen_second.asked(PAUSED) == []


def test_a_dead_host_is_given_up_while_others_go_on(crawled: Crawled) -> None:
    assert len(crawled.seen_first.asked(DEAD)) == 5
    assert len(crawled.seen_first.asked(WELL)) == PAGES + 1, "and the rules of another host"
    order = [e.host for e in crawled.seen_first.log if e.host in (DEAD, WELL) and e.path.startswith("/p")]
    last = len(order) - 1
    assert order.index(WELL) < last
    assert order[last] == DEAD, "the other host was through before the dead one was given up"


def test_a_host_gets_no_more_than_its_budget(crawled: Crawled) -> None:
    assert len(crawled.seen_first.asked(BUDGET)) == ALLOWED_PAGES


def test_of_a_huge_robots_txt_the_beginning_holds(crawled: Crawled) -> None:
    assert sorted(crawled.seen_first.asked(BIG)) == pages(2, 3)


def test_a_page_in_place_of_robots_txt_forbids_nothing(crawled: Crawled) -> None:
    assert sorted(crawled.seen_first.asked(SOFT)) == pages(1, 2)


def test_five_redirects_are_followed_and_then_there_is_no_file(crawled: Crawled) -> None:
    assert len(crawled.seen_first.asked(LOOP, robots=True)) == 6
    assert sorted(crawled.seen_first.asked(LOOP)) == pages(1, 2)


def test_rules_may_stand_on_another_host(crawled: Crawled) -> None:
    assert sorted(crawled.seen_first.asked(MOVED)) == pages(1, 3)
    assert crawled.seen_first.asked(WELL).count("/rules-of-another-host") == 1


def test_robots_txt_is_ignored_where_the_operator_says_so(tmp_path: Path) -> None:
    with Hosts({RULES: SITES[RULES]}) as hosts:
        done = crawl(hosts, tmp_path, "-s", "ROBOTSTXT_OBEY=False")
        seen = Hosts(hosts.answers, list(hosts.log))
    assert done.code == 0, done.err
    assert seen.asked(RULES, robots=True) == []
    assert sorted(seen.asked(RULES)) == pages(1, 2, 3, 4)


def test_one_page_that_is_looked_at_obeys_too(tmp_path: Path) -> None:
    with Hosts({OUT: SITES[OUT], RULES: SITES[RULES]}) as hosts:
        given = ("-s", f"NEWS_ALLOW_PRIVATE={hosts.allowed}", "-s", f"NEWS_OUTPUT={tmp_path / 'output'}")
        out = scrapy("explain", hosts.url(OUT, "/p2"), *given)
        forbidden = scrapy("explain", hosts.url(RULES, "/p1"), *given)
        seen = Hosts(hosts.answers, list(hosts.log))
    assert (out.code, forbidden.code) == (4, 4)
    assert (
        out.err
        == f"scrapy explain: {hosts.url(OUT, '/p2')}: robots.txt of {OUT} cannot be had (answer 503)\n"
    )
    assert forbidden.err.endswith("/p1: Forbidden by robots.txt\n")
    assert seen.asked(OUT) + seen.asked(RULES) == []
    assert not (tmp_path / "output").exists()
