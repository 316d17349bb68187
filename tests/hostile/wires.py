"""Answers that are none of a page, and redirects to where nobody may go."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.records import State
from tests.hostile.cases import HTML, Case, failed, forbidden, stored
from tests.hostile.talk import page_of, says


def _many_headers() -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(200_000)) + b"\r\n"


ANSWERS: tuple[Case, ...] = (
    failed("header-2-mb", says(lambda _: b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 2_000_000), alone=True),
    failed("headers-200k", says(lambda _: _many_headers()), alone=True),
    failed("always-500", b"", "http_500", status=500, alone=True),
    failed("not-modified-unasked", b"", "http_304", status=304),
    Case("not-found", b"", State.GONE, "http_404", status=404),
    Case("gone", b"", State.GONE, "http_410", status=410),
    stored("coding-unknown", page_of, headers=(*HTML, ("Content-Encoding", "khabar"))),
)


def _to(place: str) -> tuple[tuple[str, str], ...]:
    return (*HTML, ("Location", place))


# Addresses of this machine and of its network, in all the ways they can be written. Where a server could be
# reached it is the canary's.
PRIVATE = {
    "canary": "{canary}/redirected",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "ten": "http://10.0.0.1/",
    "localhost": "http://localhost:{port}/",
    "private-name": "http://canary.localhost:{port}/",
    "resolved-to-private": "http://inside.example:{port}/",
    "decimal": "http://2130708745:{port}/",  # the canary's address as one number
    "octal": "http://0177.0.011.011:{port}/",
    "short": "http://127.2313:{port}/",
    "mapped": "http://[::ffff:127.0.9.9]:{port}/",
    "loopback-6": "http://[::1]:{port}/",
    "nothing": "http://0.0.0.0:{port}/",
    "another-port": "{other}/",
}
SCHEMES = {
    "file": "file:///etc/passwd",
    "ftp": "ftp://127.0.9.9/a",
    "data": "data:text/html,<p>hello",
    "javascript": "javascript:alert(1)",
    "s3": "s3://bucket/key",
}


def _redirects() -> Iterator[Case]:
    for name, place in PRIVATE.items():
        yield forbidden(f"to-{name}", headers=_to(place), status=302)
    # It leads to a newsroom first and to the canary then; who asks the one that was checked finds nothing.
    rebound = _to("http://rebinding.example:{port}/rebound")
    yield forbidden("to-rebound", headers=rebound, status=302, or_else=State.GONE)
    for name, place in SCHEMES.items():
        yield failed(f"to-{name}", b"", "bad_scheme", headers=_to(place), status=302)
    yield failed(
        "redirect-loop", b"", "redirect_loop", headers=_to("{origin}/news/redirect-loop/"), status=302
    )
    yield failed("endless-redirects", b"", "redirect_loop", headers=_to("{origin}/further/0"), status=302)


REDIRECTS: tuple[Case, ...] = (
    *_redirects(),
    Case(
        "to-password",
        b"",
        State.GONE,
        "http_404",
        headers=_to("http://reader:{password}@{netloc}/none"),
        status=302,
    ),
)
WIRES = ANSWERS + REDIRECTS
