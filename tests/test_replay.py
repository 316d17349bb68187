from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.replay import Replay, ReplayError, folded
from tests.helpers_replay import (
    ARABIC,
    BODIES,
    ESCAPED,
    PAGES,
    SHARED,
    Client,
    fetch,
    html,
    raw,
    write_set,
    write_sets,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sets(tmp_path / "data")


@pytest.fixture
def replay(data: Path) -> Iterator[Replay]:
    with Replay.load(data, ["first", "second"]) as running:
        yield running


def test_every_listed_url_gives_the_stored_bytes_in_gold_order(replay: Replay) -> None:
    answers = [fetch(replay, url) for url in replay.urls]
    assert [status for status, _, _ in answers] == [200] * len(PAGES)
    assert [body for _, _, body in answers] == BODIES
    assert [page.id for page in replay.pages] == [entry["id"] for entry, _ in PAGES]
    assert {page.data_set for page in replay.pages} == {"first", "second"}


def test_urls_are_the_gold_ones_where_they_can_be(replay: Replay) -> None:
    expected = [entry["url"] for entry, _ in PAGES]
    expected[4] = "http://TWIN.test:80/?replay=2#x"
    expected[5] = "http://twin.test/?replay=3"
    expected[11] = "http://old.test/robots.txt?replay=2"
    assert replay.urls[:9] == expected[:9]
    assert replay.urls[11] == expected[11]
    for url in replay.urls[9:11]:
        assert (urlsplit(url).hostname or "").endswith(".test")
        assert urlsplit(url).path not in ("", "/")


def test_a_taken_query_number_is_passed_over(tmp_path: Path) -> None:
    urls = ["http://a.test/?x=1", "http://a.test/?x=1&replay=2", "http://a.test/?x=1"]
    write_set(tmp_path / "set", [({"id": str(n), "url": u}, html(str(n))) for n, u in enumerate(urls)])
    with Replay.load(tmp_path, ["set"]) as replay:
        assert replay.urls == [*urls[:2], "http://a.test/?x=1&replay=3"]
        assert [fetch(replay, url)[2] for url in replay.urls] == [html("0"), html("1"), html("2")]


def test_gold_headers_are_sent_but_for_those_of_framing(replay: Replay) -> None:
    _, headers, body = fetch(replay, "http://old.test/1.html")
    assert headers.items() == [
        ("content-type", "text/html; charset=windows-1256"),
        ("Last-Modified", "Sat, 01 Feb 2025 10:00:00 GMT"),
        ("Content-Length", str(len(body))),
    ]
    assert "صفحة قديمة" in body.decode("windows-1256")


def test_without_gold_headers_no_charset_is_invented(replay: Replay) -> None:
    assert fetch(replay, ARABIC)[1]["Content-Type"] == "text/html"


def test_head_has_the_same_headers_and_no_body(replay: Replay) -> None:
    for url in (ARABIC, "https://secure.test/folder"):
        status, headers, body = fetch(replay, url, "HEAD")
        assert (status, body) == (200, b"")
        assert headers.items() == fetch(replay, url)[1].items()


@pytest.mark.parametrize(
    ("url", "page"),
    [
        (ESCAPED, 0),
        (ESCAPED.lower(), 0),
        (ESCAPED + "/", 0),
        (ESCAPED + "#part", 0),
        (ESCAPED.replace(".test", ".test:80").replace("sahifa", "SAHIFA"), 0),
        ("http://sahif%61.test/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/خبر%20عاجل", 0),
        ("http://old.test/%31.html", 2),
        ("http://twin.test/", 3),
        ("http://twin.test", 3),
    ],
)
def test_equivalent_spellings_find_the_page(replay: Replay, url: str, page: int) -> None:
    request = f"GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    head, _, body = raw(replay.port, request).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == BODIES[page]


def test_bytes_above_ascii_may_stand_in_the_request_line(replay: Replay) -> None:
    """As curl sends them; the second byte of these letters is white space in Latin-1."""
    assert b"\x85" in "م".encode()
    for target, status in ((ARABIC.replace(" ", "%20"), b"200"), ("http://a.test/م", b"404")):
        request = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        assert raw(replay.port, request).split()[1] == status


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.test/?a=1&b=2", "http://a.test/?b=2&a=1"),
        ("http://a.test/a%2Fb", "http://a.test/a/b"),
        ("http://a.test/?q=a%26b", "http://a.test/?q=a&b"),
        ("http://a.test/%2541", "http://a.test/A"),
        ("http://a.test/", "https://a.test/"),
        ("http://a.test/", "http://a.test:8080/"),
    ],
)
def test_urls_that_may_differ_are_kept_apart(one: str, other: str) -> None:
    assert folded(one) != folded(other)
    assert folded(folded(one) or "") == folded(one)


def test_hosts_beyond_ascii_are_compared_in_their_ascii_form() -> None:
    assert folded("http://موقع.test/") == "http://xn--4gbrim.test/"


@pytest.mark.parametrize("url", ["", "page.html", "urn:a", "ftp://a.test/", "http://", "http://["])
def test_what_http_cannot_ask_for_has_no_key(url: str) -> None:
    assert folded(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://old.test/robots.txt",
        "https://secure.test/robots.txt",
        "http://unknown.test/robots.txt",
        "http://unknown.test/",
        "https://unknown.test/a",
        "https://old.test/1.html",
        "https://secure.test/story?a=1&b=2",
    ],
)
def test_robots_and_unknown_urls_are_not_found(replay: Replay, url: str) -> None:
    status, headers, body = fetch(replay, url)
    assert (status, headers["Content-Type"]) == (404, "text/html")
    assert b"No such page" in body
    assert len(body) == int(headers["Content-Length"])


def test_connections_are_kept_alive_also_inside_tunnels(replay: Replay) -> None:
    for url in ("http://old.test/1.html", "https://secure.test/folder"):
        with Client(replay.port, url, replay.ca_file) as client:
            first = client.ask()[2]
            used = client.connection.sock
            client.ask(target="http://old.test/unknown")
            assert client.ask("HEAD")[2] == b""
            assert client.ask()[2] == first
            assert client.connection.sock is used


def test_tunnels_are_trusted_only_with_the_ca_and_for_the_host_asked(replay: Replay) -> None:
    def shake_hands(ca_file: Path | None, name: str) -> None:
        with socket.create_connection(("127.0.0.1", replay.port), timeout=30) as connection:
            connection.sendall(b"CONNECT secure.test:443 HTTP/1.1\r\nHost: secure.test:443\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            if ca_file:
                context.load_verify_locations(ca_file)
            context.wrap_socket(connection, server_hostname=name).close()

    shake_hands(replay.ca_file, "secure.test")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(None, "secure.test")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"[Hh]ostname mismatch"):
        shake_hands(replay.ca_file, "other.test")
    assert fetch(replay, "https://secure.test/folder")[0] == 200


def test_requests_that_make_no_sense_are_refused(replay: Replay) -> None:
    assert raw(replay.port, b"CONNECT secure.test HTTP/1.1\r\n\r\n").split()[1] == b"400"
    assert raw(replay.port, b"CONNECT :443 HTTP/1.1\r\n\r\n").split()[1] == b"400"
    assert raw(replay.port, b"nonsense\r\n\r\n").find(b"400") > 0
    post = b"POST http://old.test/1.html HTTP/1.1\r\nHost: old.test\r\nContent-Length: 0\r\n\r\n"
    assert raw(replay.port, post).split()[1] == b"501"


def test_the_log_has_a_line_for_each_request(data: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with Replay.load(data, ["second"], log=log) as replay:
        fetch(replay, "http://twin.test/")
        fetch(replay, "https://secure.test/unknown?x=1", "HEAD")
    assert [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] == [
        {"method": "GET", "url": "http://twin.test/", "status": 200},
        {"method": "CONNECT", "url": "secure.test:443", "status": 200},
        {"method": "HEAD", "url": "https://secure.test/unknown?x=1", "status": 404},
    ]


def test_the_end_of_the_context_ends_open_connections(data: Path) -> None:
    with Replay.load(data, ["first", "second"]) as replay:
        plain = Client(replay.port, "http://old.test/1.html", replay.ca_file)
        secure = Client(replay.port, "https://secure.test/folder", replay.ca_file)
        assert plain.ask()[0] == secure.ask()[0] == 200
        ca_file = replay.ca_file
    for client in (plain, secure):
        sock = client.connection.sock
        assert sock is not None
        with suppress(OSError):  # by which TLS reports the missing farewell
            assert sock.recv(1) == b""
        client.connection.close()
    assert not ca_file.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", replay.port), timeout=30)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"url": "http://a.test/"}', '{"id": "gone"}', '{"id": "x", "headers": 1}']
)
def test_a_bad_line_of_gold_is_named(data: Path, line: str) -> None:
    gold = data / "first" / "gold.jsonl"
    gold.write_text(gold.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(ReplayError, match=r"gold\.jsonl:4: "), Replay.load(data, ["first"]):
        pass


def test_a_damaged_page_is_named(data: Path) -> None:
    page = data / "first" / "secure.html.gz"
    page.write_bytes(page.read_bytes()[:-12])
    with pytest.raises(ReplayError, match=r"gold\.jsonl:2: "), Replay.load(data, ["first"]):
        pass


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no measuring data beside the project")
def test_the_measuring_pages_are_all_served() -> None:
    with Replay.load(SHARED, ["seeds", "rtl", "fundus"]) as replay:
        assert len(set(replay.urls)) == len(replay.pages) > 0
        for page in replay.pages:
            status, _, body = fetch(replay, page.url)
            assert (page.id, status) == (page.id, 200)
            assert body == page.body
