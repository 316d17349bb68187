"""How much of what is stored a later cleaning may take away before nobody publishes it unasked: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.policy import DEFAULT_POLICY, Policy

_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?) ?%")


@dataclass(frozen=True, slots=True)
class LossBudget:
    """Shares (0..1) of letters and of rows that may be lost, on each site and in all."""

    letters: float
    rows: float

    @classmethod
    def of(cls, policy: Policy = DEFAULT_POLICY) -> LossBudget:
        """What the policy allows."""
        return cls(policy.max_letters_lost, policy.max_rows_lost)

    @classmethod
    def parse(cls, text: str) -> LossBudget:
        """`2%` for letters and rows, or `2%,1%` for each; raises `ValueError` saying what is wrong.

        >>> LossBudget.parse("2%,0.5%")
        LossBudget(letters=0.02, rows=0.005)
        """
        found = [_SHARE.fullmatch(part.strip()) for part in text.split(",")]
        shares = [float(each[1]) / 100 for each in found if each]
        if len(shares) != len(found) or len(found) > 2 or max(shares) > 1:
            raise ValueError("it must be a share such as '2%', or one of letters and one of rows: '2%,1%'")
        return cls(shares[0], shares[-1])

    def exceeded(self, name: str, loss: Loss) -> Iterator[str]:
        """A line for each figure of `name` that is beyond the budget."""
        for what, lost, there, share in (
            ("letters", loss.letters_lost, loss.letters, self.letters),
            ("rows", loss.rows_lost, loss.rows, self.rows),
        ):
            if lost > share * there:
                part = lost / there if there else 1.0
                yield f"{name}: {part:.2%} of the {what} are lost ({lost:,} of {there:,}); {share:.2%} may be"


@dataclass(frozen=True, slots=True)
class Loss:
    """What there was of a site, or of all sites, and what is lost of it."""

    rows: int
    rows_lost: int
    letters: int
    letters_lost: int
