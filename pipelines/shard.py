"""One of the equal parts that a crawl is split into, so that several machines or processes carry it.

A site belongs to the shard that the hash of its registered domain says: all that is asked of one publisher is
asked by one shard, which alone knows when it asked last. The hash is the same in every process and version.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

# More would have less than ten of ten thousand sites each.
MOST = 1_000
_GIVEN = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})", re.ASCII)
_IN_NAME = re.compile(r"(?:^|-)shard-(\d+)-of-(\d+)-[0-9a-f]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """Shard `number` of 1 to `of`."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard written as `2/8`; raises `ValueError` saying how it must be.

        >>> Shard.parse("2/8")
        Shard(number=2, of=8)
        >>> Shard.parse("9/8")
        Traceback (most recent call last):
        ValueError: '9/8' is no shard: it must be i/n, of i from 1 to n and n up to 1000, such as 2/8
        """
        found = _GIVEN.fullmatch(text)
        number, of = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= of <= MOST:
            how = f"it must be i/n, of i from 1 to n and n up to {MOST}, such as 2/8"
            raise ValueError(f"{text[:40]!r} is no shard: {how}")
        return cls(number, of)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def name(self) -> str:
        """For folders, and for what shows whose a file is.

        >>> Shard(2, 8).name
        'shard-2-of-8'
        """
        return f"shard-{self.number}-of-{self.of}"

    def has(self, domain: str) -> bool:
        """Whether the sites of a registered domain belong here.

        >>> [number for number in range(1, 9) if Shard(number, 8).has("example.com")]
        [6]
        """
        digest = hashlib.sha256(domain.encode()).digest()
        return int.from_bytes(digest[:8]) % self.of == self.number - 1

    def new_writer(self) -> str:
        """A name for a ledger of this shard: each ledger has its own."""
        return f"{self.name}-{secrets.token_hex(4)}"


def shards(of: int) -> tuple[Shard, ...]:
    """All of them, in order."""
    return tuple(Shard(number, of) for number in range(1, of + 1))


def shard_in(name: str) -> Shard | None:
    """The shard that the name of a ledger or run says it is of; None where it says none.

    >>> shard_in("20261123T083015-shard-2-of-8-a1b2c3")
    Shard(number=2, of=8)
    >>> shard_in("20261123T083015-a1b2c3")
    """
    found = _IN_NAME.search(name)
    return Shard(*map(int, found.groups())) if found else None


def new_run_id(now: datetime, shard: Shard | None = None) -> str:
    """A name for a run that no other has: shards start at one second, from one timer.

    >>> new_run_id(datetime(2026, 11, 23, 8, 30, 15), Shard(2, 8))[:-6]
    '20261123T083015-shard-2-of-8-'
    """
    part = f"{shard.name}-" if shard else ""
    return f"{now:%Y%m%dT%H%M%S}-{part}{secrets.token_hex(3)}"
