"""The address that is connected to is the one that was checked, whatever a name says and how often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crawling import Finished
from tests.helpers_hosts import Answer
from tests.helpers_net import Seen, Server, canary, crawl_urls, ends, looked_up, names

HERE, FORBIDDEN = "127.0.6.1", "127.0.6.9"
SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "localhost",
    "10.0.0.1",
    "169.254.169.254",
]
TARGETS = [*SPELLINGS, "inside.test", "six.test"]
SLOW = [f"slow{number}" for number in range(60)]


@dataclass(frozen=True)
class Crawled:
    """A crawl, where each URL ended, who was connected to, and what reached the one allowed server."""

    done: Finished
    ends: dict[str, tuple[str, str | None]]
    hit: list[str]
    seen: list[str]
    port: int
    folder: Path

    def end(self, host: str) -> tuple[str, str | None]:
        return self.ends[f"http://{host}:{self.port}/page"]

    def end_of_redirect(self, host: str) -> tuple[str, str | None]:
        return self.ends[f"http://moved.test:{self.port}/to/{TARGETS.index(host)}"]


def answer(server: Server, seen: Seen) -> Answer:
    """`/to/NUMBER` redirects to that target."""
    if seen.path == "/robots.txt":
        if seen.headers["host"].startswith("robots."):
            return to(f"http://inside.test:{server.port}/robots.txt")
        return Answer(404)
    if seen.path.startswith("/to/"):
        return to(f"http://{TARGETS[int(seen.path.removeprefix('/to/'))]}:{server.port}/page")
    return Answer()


def to(url: str) -> Answer:
    return Answer(302, headers=(("Location", url),))


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("guard")
    server = Server(HERE, lambda seen: answer(server, seen))
    with ExitStack() as stack:
        stack.enter_context(server.open())
        hit = stack.enter_context(canary(server.port, FORBIDDEN, "127.0.0.1", "::1"))
        env = names(
            folder,
            public=HERE,
            well=HERE,
            inside=FORBIDDEN,
            six="::1",
            mapped=f"::ffff:{FORBIDDEN}",
            both=[FORBIDDEN, "::1", HERE],
            rebound={"answers": [[HERE], [FORBIDDEN]]},
            robots=HERE,
            moved=HERE,
            unknown={"answers": [[HERE], "EAI_NONAME"]},
            unwell={"answers": [[HERE], "EAI_AGAIN"]},
            hiccup={"answers": [[HERE], "EAI_AGAIN", [HERE]]},
            empty={"answers": [[HERE], []]},
            nowhere={"answers": ["EAI_NONAME"]},
            **{name: {"seconds": 60.0, "answers": [[HERE]]} for name in SLOW},
        )
        hosts = [
            *(f"{name}.test" for name in ("public", "inside", "six", "mapped", "both", "rebound", "robots")),
            *(f"{name}.test" for name in ("unknown", "unwell", "hiccup", "empty", "nowhere", "well", *SLOW)),
            "inside.test.",
            *SPELLINGS,
        ]
        urls = [f"http://{host}:{server.port}/page" for host in hosts]
        urls += [f"http://moved.test:{server.port}/to/{number}" for number in range(len(TARGETS))]
        done = crawl_urls(
            folder,
            urls,
            env,
            NEWS_ALLOW_PRIVATE=server.netloc,
            DNSCACHE_ENABLED=False,  # each connection asks again
            DNS_TIMEOUT=1,
            RETRY_TIMES=1,
        )
        seen = [each.url for each in server.seen]
        assert done.code == 0, done.err[-5000:]
        yield Crawled(done, ends(folder), hit, seen, server.port, folder)


pytestmark = pytest.mark.xdist_group("connect_guard")


def test_nobody_was_connected_to_who_may_not_be(crawled: Crawled) -> None:
    assert crawled.done.code == 0, crawled.done.err
    assert "Traceback" not in crawled.done.err
    assert crawled.hit == []


def test_a_name_that_leads_to_an_allowed_address_is_fetched(crawled: Crawled) -> None:
    assert crawled.end("public.test")[0] == "rejected"
    assert f"public.test:{crawled.port}/page" in crawled.seen


@pytest.mark.parametrize(
    ("host", "address"),
    [("inside.test", FORBIDDEN), ("six.test", "::1"), ("mapped.test", f"::ffff:{FORBIDDEN}")],
)
def test_a_name_all_of_whose_addresses_are_private_is_forbidden_and_not_tried_again(
    crawled: Crawled, host: str, address: str
) -> None:
    assert crawled.end(host) == ("forbidden", f"{host} leads to the private address {address}")


def test_a_forbidden_name_is_looked_up_once(crawled: Crawled) -> None:
    assert looked_up(crawled.folder).count("six.test") == 1


def test_of_a_name_with_both_kinds_only_the_allowed_address_is_connected_to(crawled: Crawled) -> None:
    assert crawled.end("both.test")[0] == "rejected"


def test_a_second_answer_of_the_dns_is_checked_like_the_first(crawled: Crawled) -> None:
    """robots.txt came from the allowed address; the page would have come from the other one."""
    assert f"rebound.test:{crawled.port}/robots.txt" in crawled.seen
    assert crawled.end("rebound.test") == (
        "forbidden",
        f"rebound.test leads to the private address {FORBIDDEN}",
    )


@pytest.mark.parametrize("host", [host for host in SPELLINGS if host != "[::ffff:7f00:1]"])
def test_a_private_address_is_refused_as_a_link(crawled: Crawled, host: str) -> None:
    assert crawled.end(host) == ("forbidden", f"{host.strip('[]')} is a private address")


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_private_address_is_refused_as_the_end_of_a_redirect(crawled: Crawled, host: str) -> None:
    assert crawled.end_of_redirect(host) == ("forbidden", f"{host.strip('[]')} is a private address")


@pytest.mark.parametrize("host", ["inside.test", "six.test"])
def test_a_redirect_to_a_name_that_leads_to_a_private_address_is_forbidden(
    crawled: Crawled, host: str
) -> None:
    state, reason = crawled.end_of_redirect(host)
    assert state == "forbidden"
    assert str(reason).startswith(f"{host} leads to the private address")


def test_a_robots_txt_that_leads_to_a_private_address_is_none(crawled: Crawled) -> None:
    assert crawled.end("robots.test")[0] == "rejected"


def test_what_the_dns_says_has_a_name(crawled: Crawled) -> None:
    assert crawled.end("unknown.test") == crawled.end("empty.test") == ("failed", "dns: no such name")
    assert crawled.end("unwell.test") == ("failed", "dns: no answer")
    assert crawled.end("hiccup.test")[0] == "rejected", "no answer is asked for again"


def test_a_host_that_had_no_name_from_the_start_is_the_next_runs(crawled: Crawled) -> None:
    assert crawled.end("nowhere.test") == ("pending", None)
    said = "no robots.txt, so nothing is fetched from there in this run: dns: no such name"
    assert f"http://nowhere.test:{crawled.port}: {said}" in crawled.done.err


def test_hosts_whose_dns_is_slow_hold_up_nobody_and_not_the_end_of_the_run(crawled: Crawled) -> None:
    """Their lookups were still going on when the run was over."""
    assert {crawled.end(f"{name}.test") for name in SLOW} == {("pending", None)}
    assert crawled.done.err.count("in this run: dns: no answer") == len(SLOW)
    assert crawled.end("well.test")[0] == "rejected"
