"""Where a story comes from: who wrote it, which agency it is from, which place it was sent from."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.metadata.bylines.credits import Credit, read_byline
from pipelines.metadata.bylines.datelines import closing_credit, dateline
from pipelines.metadata.bylines.lists import GENERIC_AGENCY

__all__ = ["Credit", "read_byline", "read_dateline", "wire_source"]


def read_dateline(text: str) -> Credit:
    """The dateline at the start of a story's first paragraph, or the credit at the end of its last.

    >>> read_dateline("BEIRUT (Reuters) - The harbour opened.")
    Credit(people=(), agencies=('Reuters',), places=('BEIRUT',))
    >>> read_dateline("The mayor told Reuters that it was late.")
    Credit(people=(), agencies=(), places=())
    """
    head, tail = dateline(text), closing_credit(text)
    return Credit(
        tuple(dict.fromkeys((*head.people, *tail.people))),
        tuple(dict.fromkeys((*head.agencies, *tail.agencies))),
        tuple(dict.fromkeys((*head.places, *tail.places))),
    )


def wire_source(bylines: Iterable[str], first: str, last: str) -> str | None:
    """Code of the one agency the story is from (first named), or None.

    Bylines speak before the first and the last paragraph; "agencies" only when none is named.
    """
    found = [code for byline in bylines for code in read_byline(byline).agencies]
    found += [*dateline(first).agencies, *closing_credit(last).agencies]
    named = (code for code in found if code != GENERIC_AGENCY)
    return next(named, found[0] if found else None)
