"""When an article that is stored is looked at again: pure arithmetic on times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_AGE = re.compile(r"(\d{1,6})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Recheck:
    """Ages, counted from the first fetch, at which an article is looked at again; `always`: in every run."""

    ages: tuple[timedelta, ...] = ()
    always: bool = False

    @classmethod
    def parse(cls, text: str) -> Recheck:
        """`never`, `always` or ages such as `1h,6h,1d,7d`; raises `ValueError` saying what is wrong.

        >>> Recheck.parse("1h, 2d").ages
        (datetime.timedelta(seconds=3600), datetime.timedelta(days=2))
        """
        said = text.strip().lower()
        if said in ("never", "always"):
            return cls(always=said == "always")
        found = [_AGE.fullmatch(part.strip()) for part in said.split(",")]
        if not all(found):
            raise ValueError("it must be 'never', 'always' or ages such as '1h,6h,1d,7d'")
        ages = {timedelta(**{_UNITS[age[2]]: int(age[1])}) for age in found if age}
        return cls(tuple(sorted(ages - {timedelta()})))

    def next_due(self, first: datetime, now: datetime, published: datetime | None = None) -> datetime | None:
        """The next time an article first fetched at `first` is looked at; None for no more.

        A run that comes late makes up for all ages it missed with one look. What was older than the last age
        when it was first fetched is no news: it is not looked at again.
        """
        if not self.ages or (published is not None and first - published > self.ages[-1]):
            return None
        return next((first + age for age in self.ages if first + age > now), None)


NEVER = Recheck()
DEFAULT_RECHECK = "1h,6h,1d,7d"
