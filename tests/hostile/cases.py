"""The shape of a hostile address: what is served there, and where it must end in the ledger.

Every case is an address of a newsroom among good articles. What is served is made for the place it stands at,
from the page of a story of its own: most cases are good pages that were spoilt.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from pipelines.records import State

Row: TypeAlias = dict[str, Any]
Headers: TypeAlias = tuple[tuple[str, str], ...]

# May stand nowhere but in the stored bytes of the page itself.
PASSWORD = "kanarienvogel-7c1f"
# The text of a row that only has to be there.
ANY_TEXT = ""
HTML: Headers = (("Content-Type", "text/html; charset=utf-8"),)
BARE_HTML: Headers = (("Content-Type", "text/html"),)


@dataclass(frozen=True, slots=True)
class Where:
    """The place a case stands at; `page` is the page of its story, `text` that story's text.

    Nobody may ask the servers `canary`, on the newsrooms' port but another address, and `other`, on an
    allowed address but another port.
    """

    url: str
    origin: str
    canary: str
    port: int
    page: str = ""
    text: str = ""
    other: str = ""

    def filled(self, text: str) -> str:
        """`text` with the names of the servers in braces made addresses."""
        known = {"netloc": urlsplit(self.origin).netloc, "password": PASSWORD}
        known |= {name: str(getattr(self, name)) for name in ("origin", "canary", "other", "port")}
        for name, meant in known.items():
            text = text.replace(f"{{{name}}}", meant)
        return text


@dataclass(frozen=True, slots=True)
class Raw:
    """A server's behaviour on the bare connection, after it has read the request."""

    talk: Callable[[socket.socket], None]


Body: TypeAlias = bytes | Raw | Callable[[Where], bytes | Raw]


@dataclass(frozen=True, slots=True)
class Case:
    """One hostile address. Names of `Where` in braces are filled in in header values.

    `reason` is the ledger's; None where the state says it all. The row of a COMMITTED case has the text of
    its story, or `text`, or `ANY_TEXT`, and passes `check`. `or_else` is as good an end. A case that breaks
    connections stands on a host `alone`: its host is given up or asked slowly, which is right and no concern
    of others.
    """

    path: str
    body: Body
    state: State
    reason: str | None = None
    headers: Headers = HTML
    status: int = 200
    alone: bool = False
    or_else: State | None = None
    text: str | None = None
    check: Callable[[Row], bool] | None = None

    def served(self, where: Where) -> bytes | Raw:
        """What the address answers, made where it stands."""
        return self.body(where) if callable(self.body) else self.body

    def filled(self, where: Where) -> Headers:
        """The headers there."""
        return tuple((name, where.filled(value)) for name, value in self.headers)


def merged(*lists: Iterable[Case]) -> tuple[Case, ...]:
    """All cases; raises `ValueError` where two have one path."""
    cases = tuple(chain(*lists))
    if again := [path for path, times in Counter(case.path for case in cases).items() if times > 1]:
        raise ValueError(f"more than one case: {again}")
    return cases


def written(path: str, text: str, state: State, reason: str | None = None, **more: Any) -> Case:
    """A page written out, with names of `Where` in braces."""
    more.setdefault("text", ANY_TEXT)
    return Case(path, lambda where: where.filled(text).encode(), state, reason, **more)


def stored(path: str, body: Body, **more: Any) -> Case:
    """A page that is stored, whatever was done to it."""
    return Case(path, body, State.COMMITTED, **more)


def turned_away(path: str, body: Body, reason: str, **more: Any) -> Case:
    """A page that is fetched and turned away."""
    return Case(path, body, State.REJECTED, reason, **more)


def failed(path: str, body: Body, reason: str | None = None, **more: Any) -> Case:
    """An address that gives no page."""
    return Case(path, body, State.FAILED, reason, **more)


def forbidden(path: str, body: Body = b"", reason: str | None = None, **more: Any) -> Case:
    """An address that leads where nobody may go."""
    return Case(path, body, State.FORBIDDEN, reason, **more)
