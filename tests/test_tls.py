"""Who cannot prove to be the host that was asked for is not listened to, and the ledger says why."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from crawler.errors import ExitCode
from tests.crawling import Finished, scrapy
from tests.helpers_hosts import Answer
from tests.helpers_net import Server, crawl_urls, ends, names
from tests.helpers_tls import Authority, context, self_signed

DAY = timedelta(days=1)
REASONS = {
    "expired": "tls: certificate has expired",
    "early": "tls: certificate is not valid yet",
    "selfmade": "tls: self-signed certificate",
    "stranger": "tls: unknown certificate authority",
    "othername": "tls: certificate is for another name",
    "nameless": "tls: certificate has no names that can be read (CertificateError)",
}
NOT_TLS = ("plain", "old")


@dataclass(frozen=True)
class Crawled:
    """A crawl of hosts that all but one have something wrong with their TLS."""

    done: Finished
    explained: Finished
    ends: dict[str, tuple[str, str | None]]
    servers: dict[str, Server]

    def end(self, name: str) -> tuple[str, str | None]:
        return self.ends[f"https://{name}.test:{self.servers[name].port}/page"]


def contexts(folder: Path, trusted: Authority) -> dict[str, ssl.SSLContext | None]:
    """What each host shows for itself."""
    signed = {
        "good": trusted.sign("good.test"),
        "expired": trusted.sign("expired.test", -30 * DAY, -DAY),
        "early": trusted.sign("early.test", DAY, 30 * DAY),
        "selfmade": self_signed("selfmade.test"),
        "stranger": Authority("Nobody's").sign("stranger.test"),
        "othername": trusted.sign("another.test"),
        "nameless": trusted.sign(None),
        "old": trusted.sign("old.test"),
    }
    made = {name: context(folder, name, pair) for name, pair in signed.items()}
    made["old"].set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):  # Python finds TLS 1.0 as bad as we do
        made["old"].minimum_version = made["old"].maximum_version = ssl.TLSVersion.TLSv1
    return {**made, "plain": None}


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("tls")
    trusted = Authority("The test's")
    (folder / "trusted.pem").write_bytes(trusted.certificate)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(Server(f"127.0.8.{number}", tls=tls).open())
            for number, (name, tls) in enumerate(contexts(folder, trusted).items(), start=1)
        }
        servers["good"].answer = lambda seen: Answer(404) if seen.path == "/robots.txt" else Answer()
        env = names(folder, **{name: server.address for name, server in servers.items()})
        env["SSL_CERT_FILE"] = str(folder / "trusted.pem")
        urls = [f"https://{name}.test:{server.port}/page" for name, server in servers.items()]
        allowed = ",".join(server.netloc for server in servers.values())
        settings = {"NEWS_ALLOW_PRIVATE": allowed, "RETRY_TIMES": 0}
        done = crawl_urls(folder, urls, env, ROBOTSTXT_OBEY=False, **settings)
        explained = scrapy(
            "explain", urls[list(servers).index("expired")], "-s", f"NEWS_ALLOW_PRIVATE={allowed}", **env
        )
        yield Crawled(done, explained, ends(folder), servers)


pytestmark = pytest.mark.xdist_group("tls")


def test_a_certificate_of_an_authority_that_is_trusted_is_good(crawled: Crawled) -> None:
    assert crawled.done.code == 0, crawled.done.err
    assert crawled.end("good")[0] == "rejected"
    assert [each.path for each in crawled.servers["good"].seen] == ["/page"]


@pytest.mark.parametrize("name", REASONS)
def test_what_is_wrong_with_a_certificate_is_named_and_nothing_is_asked(crawled: Crawled, name: str) -> None:
    assert crawled.end(name) == ("failed", REASONS[name])
    assert crawled.servers[name].seen == []


@pytest.mark.parametrize("name", NOT_TLS)
def test_a_host_that_does_not_speak_our_tls_is_named_too(crawled: Crawled, name: str) -> None:
    state, reason = crawled.end(name)
    assert state == "failed"
    assert str(reason).startswith("tls: ")
    assert crawled.servers[name].seen == []


def test_no_traceback_is_told(crawled: Crawled) -> None:
    assert "Traceback" not in crawled.done.err
    assert "Failure" not in crawled.done.err


def test_explain_says_what_is_wrong_in_one_line(crawled: Crawled) -> None:
    assert crawled.explained.code == ExitCode.UNFINISHED
    assert crawled.explained.err.count("\n") == 1
    assert REASONS["expired"] in crawled.explained.err
