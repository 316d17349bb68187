"""Addresses whose answers carry what a log, a terminal, a row or a stored address could be made to repeat.

`{origin}` in a body or a header is the origin the case is served at (`http://host:port`), `{netloc}` the same
without the scheme, `{password}` a canary that may stand nowhere but in the stored bytes of the page itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.records import State
from tests.web.outlets import story

Headers = tuple[tuple[str, str], ...]

HTML: Headers = (("Content-Type", "text/html; charset=utf-8"),)
# A forged line of the log, colours and titles of a terminal (in C0 and C1), line ends of Unicode, marks that
# turn the reading order around, characters without a width, letters of another script that look the same.
FORGED = "\r\n2026-01-01 00:00:00 [scrapy.core.engine] INFO: all is well"
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\x85\u2028\u2029\u202eexe.gpj\u2066\u200b\ufeff"
HOSTILE = f"{FORGED}{ESCAPES}"
LONG = "a" * 3_000


@dataclass(frozen=True, slots=True)
class Case:
    """What is served at `path`, and where the ledger says it ended; `reason` is None for COMMITTED ones."""

    path: str
    body: str
    headers: Headers
    state: State
    reason: str | None = None
    status: int = 200


def article(number: int, head: str = "", body: str = "", title: str | None = None) -> str:
    """The page of an English story, which is a good article, with more in its head and at its end."""
    told = story("en", number)
    text = "".join(f"<p>{paragraph}</p>" for paragraph in told.paragraphs)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title or told.title}</title>'
        f"{head}</head><body><article><h1>{title or told.title}</h1>{text}{body}</article></body></html>"
    )


_SECRET = "http://reader:{password}@{netloc}"
_STATED = (
    f'<link rel="canonical" href="{_SECRET}/inj/stated">'
    f'<meta property="og:url" content="{_SECRET}/inj/stated">'
    f'<meta property="og:image" content="{_SECRET}/cover.jpg"><base href="{_SECRET}/">'
    '<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle",'
    f'"url":"{_SECRET}/inj/stated","mainEntityOfPage":"{_SECRET}/inj/stated","image":["{_SECRET}/ld.jpg"],'
    f'"license":"{_SECRET}/licence",'
    f'"author":{{"@type":"Person","name":"Mona Haddad","url":"{_SECRET}/mona"}},'
    f'"publisher":{{"@type":"Organization","name":"Paper","logo":"{_SECRET}/logo.png"}}}}</script>'
    f'<link rel="license" href="{_SECRET}/licence"><meta name="thumbnail" content="{_SECRET}/thumb.jpg">'
    f'<meta name="tdm-policy" content="{_SECRET}/policy"><link rel="author" href="{_SECRET}/mona">'
    f'<meta property="article:author" content="{_SECRET}/mona">'
)
_PICTURES = (
    f'<figure><img src="{_SECRET}/one.jpg" width="800" height="600">'
    "<figcaption>The quay</figcaption></figure>"
    f'<figure><img srcset="{_SECRET}/two.jpg 800w, {_SECRET}/two-small.jpg 200w" width="800" height="600">'
    '<figcaption>The wall</figcaption></figure><figure><img src="three.jpg" width="800" height="600">'
    "<figcaption>The ferry</figcaption></figure>"
)
_TITLE = "The harbour\u202e opens\u2028 again&#27;[31m after&#155;2J the storm"
_DRESSED = (
    f'<meta name="author" content="Mona\u202e Had\u200bdad\ufeff&#27;[2J">'
    f'<meta property="og:title" content="{_TITLE}">'
)


def _to(location: str, path: str, state: State, reason: str | None) -> Case:
    return Case(path, "", (("Location", location),), state, reason, status=302)


_PRIVATE = "10.0.0.1 is a private address"
CASES = (
    Case("/inj/stated", article(301, _STATED, _PICTURES), (*HTML, ("Link", f"<{_SECRET}/x>; rel=canonical")),
         State.COMMITTED),
    Case("/inj/dressed", article(302, _DRESSED, title=_TITLE),
         HTML, State.COMMITTED),
    Case("/inj/headers", article(303),
         (*HTML, ("Server", f"x{ESCAPES}"), ("X-Powered-By", f"{LONG}{ESCAPES}"), ("ETag", f'"{ESCAPES}"')),
         State.COMMITTED),
    _to("http://reader:{password}@{netloc}/inj/target", "/inj/moved", State.COMMITTED, None),
    _to("http://reader:{password}@10.0.0.1/", "/inj/private", State.FORBIDDEN, _PRIVATE),
    _to("ftp://reader:{password}@{netloc}/x", "/inj/scheme", State.FAILED, "bad_scheme"),
    _to("http://reader:{password}@[bad/", "/inj/malformed", State.FAILED, None),
    _to("http://reader:{password}@{netloc}:99999/", "/inj/port", State.FAILED, None),
    _to(f"{{origin}}/inj/gone?{ESCAPES}", "/inj/escapes", State.GONE, "http_404"),
    _to(f"{{origin}}/inj/gone/{LONG}", "/inj/long", State.GONE, "http_404"),
)  # fmt: skip
# What redirects above lead to and no list names.
TARGETS = (
    Case("/inj/target", article(304), HTML,
         State.COMMITTED),
)  # fmt: skip
