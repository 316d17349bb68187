"""HTTP responses as archives hold them: status, headers and the body as it was before it was packed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from pipelines.masking import hidden
from pipelines.unpacking import BadContentEncoding, unpack

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?:[ \t][^\n]*)?\r?(?:\n|$)")
_BLANK = re.compile(rb"^\r?\n|\n\r?\n|\n\r?$")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")
# They describe the body as it was sent.
_TRANSFER = frozenset({"content-encoding", "transfer-encoding", "content-length"})


class CutBody(Exception):
    """The body ends before its own end."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """`status` is None for HTTP/0.9, which has none; headers have lower-case names, Latin-1 for bytes."""

    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """First value of the header, or None."""
        return next((value for key, value in self.headers if key == name), None)


def split_response(block: bytes) -> HttpResponse:
    """Status line, headers and body as they stand there; what has no status line is all body."""
    status = _STATUS.match(block)
    if status is None:
        return HttpResponse(None, (), block)
    rest = memoryview(block)[status.end() :]
    blank = _BLANK.search(rest)
    head, body = (rest[: blank.end()], rest[blank.end() :]) if blank else (rest, rest[len(rest) :])
    lines = _FOLD.sub(b" ", bytes(head)).split(b"\n")
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    headers = tuple((name.strip().lower(), hidden(value.strip())) for name, colon, value in pairs if colon)
    return HttpResponse(int(status[1]), headers, bytes(body))


def decoded(response: HttpResponse, most: int) -> HttpResponse:
    """The response with the body that readers see, and without the headers that describe the sent one.

    A body that is not what a header says is taken as it is: archives often hold bodies unpacked below the
    headers of packed ones. Raises `CutBody`, and `TransferFailed` for what is packed and damaged or unpacks
    to more than `most` bytes.
    """
    codings = _listed(response, "transfer-encoding")
    body = _joined_chunks(response.body) if "chunked" in codings else response.body
    named = _listed(response, "content-encoding") + [each for each in codings if each != "chunked"]
    with suppress(BadContentEncoding):
        body = unpack(body, named, most)
    headers = tuple(pair for pair in response.headers if pair[0] not in _TRANSFER)
    return HttpResponse(response.status, headers, body)


def _listed(response: HttpResponse, name: str) -> list[str]:
    values = (value for key, value in response.headers if key == name)
    return [part.strip().lower() for value in values for part in value.split(",") if part.strip()]


def _joined_chunks(body: bytes) -> bytes:
    """The body of chunks; one that does not begin like a chunk was joined before. Raises `CutBody`."""
    parts: list[bytes] = []
    at = 0
    while size := _SIZE.match(body, at):
        length = int(size[1], 16)
        part = body[size.end() : size.end() + length]
        if length == 0:
            return b"".join(parts)
        parts.append(part)
        at = size.end() + length
        at += 2 if body.startswith(b"\r\n", at) else 1 if body.startswith(b"\n", at) else 0
        if len(part) < length or (at == size.end() + length and at < len(body)):
            if len(parts) == 1:  # a text whose first line is a number
                return body
            raise CutBody("its last chunk is not whole")
    if parts:
        raise CutBody("its last chunk is missing")
    return body
