"""The proxy that the browser's traffic passes: what it lets through, and to where."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from crawler.rendering import gate as module
from crawler.rendering.gate import Gate

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def through(
    asked: str,
    *,
    allowed: str = "{place}",
    answer: bytes = HELLO,
    before: Callable[[str], None] = lambda place: None,
) -> tuple[bytes, list[bytes], int]:
    """What the client got, what the server behind was sent, and how many were refused.

    `{place}` is that server's host:port.
    """

    async def run() -> tuple[bytes, list[bytes], int]:
        seen: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        place = "127.0.0.1:{1}".format(*server.sockets[0].getsockname())
        before(place)
        gate = Gate(allowed.replace("{place}", place))
        port = int((await gate.open()).rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        asked_of = asked.replace("{place}", place).replace("{port}", place.rpartition(":")[2])
        head, _, rest = asked_of.partition("\r\n\r\n")
        writer.write(f"{head}\r\n\r\n".encode())
        if rest:  # inside the tunnel
            got = await reader.readuntil(b"\r\n\r\n")
            writer.write(rest.encode())
        else:
            got = b""
        with suppress(ConnectionResetError):  # cut off while we were speaking
            got += await reader.read()
        writer.close()
        await gate.close()
        server.close()
        return got, seen, gate.refused

    return asyncio.run(asyncio.wait_for(run(), 60))


@pytest.fixture(autouse=True)
def no_proxy_of_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_a_request_reaches_an_allowed_host_in_the_form_of_a_server() -> None:
    got, seen, refused = through(
        "GET http://{place}/a?b=1 HTTP/1.1\r\nHost: {place}\r\n"
        "Proxy-Connection: keep-alive\r\nAccept: x\r\n\r\n"
    )
    assert (got, refused) == (HELLO, 0)
    first, *fields = seen[0].decode().split("\r\n")
    assert first == "GET /a?b=1 HTTP/1.1"
    assert [field for field in fields if field and not field.startswith("Host: ")] == [
        "Accept: x",
        "Connection: close",
    ]


def test_a_tunnel_passes_bytes_as_they_are() -> None:
    got, seen, refused = through("CONNECT {place} HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n")
    assert got == b"HTTP/1.1 200 Connected\r\n\r\n" + HELLO
    assert (seen, refused) == ([b"GET / HTTP/1.0\r\n\r\n"], 0)


@pytest.mark.parametrize(
    "asked",
    [
        "GET http://{place}/ HTTP/1.1\r\n\r\n",
        "CONNECT {place} HTTP/1.1\r\n\r\n",
        "GET http://2130706433:80/ HTTP/1.1\r\n\r\n",
        "CONNECT [::ffff:127.0.0.1]:443 HTTP/1.1\r\n\r\n",
        "CONNECT localhost:443 HTTP/1.1\r\n\r\n",
        "CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n",
        "GET ftp://{place}/ HTTP/1.1\r\n\r\n",
        "GET file:///etc/passwd HTTP/1.1\r\n\r\n",
    ],
)
def test_a_private_address_or_another_scheme_is_refused_without_an_answer(asked: str) -> None:
    assert through(asked, allowed="127.0.4.9") == (b"", [], 1)


def test_the_allow_list_is_about_a_port_where_it_names_one() -> None:
    assert through("CONNECT 127.0.0.1:9 HTTP/1.1\r\n\r\n") == (b"", [], 1)


@pytest.mark.parametrize(
    "nonsense", ["x\r\n\r\n", "CONNECT host:port HTTP/1.1\r\n\r\n", "GET http://[ HTTP/1.1\r\n\r\n"]
)
def test_nonsense_is_no_request(nonsense: str) -> None:
    assert through(nonsense)[:2] == (b"", [])


def test_a_head_without_end_is_cut_off() -> None:
    assert through(f"GET http://{{place}}/ HTTP/1.1\r\nX: {'x' * 200_000}\r\n\r\n")[:2] == (b"", [])


def answering(monkeypatch: pytest.MonkeyPatch, **answers: list[str]) -> list[str]:
    """Gives `NAME.test` these addresses, one after the other; returns the list of names asked for."""
    asked: list[str] = []

    def found(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        addresses = answers.get(host.removesuffix(".test"), [host])
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked


def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, rebound=["10.1.2.3"])
    assert through("CONNECT rebound.test:443 HTTP/1.1\r\n\r\n", allowed="") == (b"", [], 1)


def test_a_name_is_looked_up_once_for_the_check_and_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, rebound=["127.0.0.1", "10.1.2.3"])
    got, seen, refused = through("GET http://rebound.test:{port}/ HTTP/1.1\r\n\r\n", allowed="{place}")
    assert (got, len(seen), refused, asked) == (HELLO, 1, 0, ["rebound.test"])


def test_an_allowed_name_may_lead_to_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, news=["127.0.0.1"])
    got, seen, refused = through("GET http://news.test:{port}/ HTTP/1.1\r\n\r\n", allowed="news.test")
    assert (got, len(seen), refused) == (HELLO, 1, 0)


def test_the_operators_proxy_is_asked_and_private_addresses_are_still_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def set_proxy(place: str) -> None:
        monkeypatch.setenv("http_proxy", f"http://us%65r:secret@{place}")
        monkeypatch.setenv("https_proxy", f"http://{place}")

    got, seen, _ = through("GET http://news.test/a HTTP/1.1\r\nHost: news.test\r\n\r\n", before=set_proxy)
    assert got == HELLO
    assert seen[0].startswith(b"GET http://news.test/a HTTP/1.1\r\n")
    assert b"\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n" in seen[0]
    got, seen, _ = through("CONNECT news.test:443 HTTP/1.1\r\nHost: news.test:443\r\n\r\n", before=set_proxy)
    assert (got, seen) == (HELLO, [b"CONNECT news.test:443 HTTP/1.1\r\nHost: news.test:443\r\n\r\n"])
    assert through("CONNECT 10.0.0.1:443 HTTP/1.1\r\n\r\n", before=set_proxy) == (b"", [], 1)


def test_a_connection_that_brings_too_much_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_CONNECTION_BYTES", 100_000)
    monkeypatch.setattr(module, "_CHUNK_BYTES", 1_000)
    got, _, _ = through("GET http://{place}/ HTTP/1.1\r\n\r\n", answer=b"x" * 5_000_000)
    assert len(got) == 100_000
