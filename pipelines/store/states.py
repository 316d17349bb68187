"""The state machine of a URL, written down once; the ledger's file enforces it.

A URL is inserted as PENDING. `docs/reference.md` says what each state means.
"""

from __future__ import annotations

from pipelines.records import State

TRANSITIONS: dict[State, frozenset[State]] = {
    # A run takes it up.
    State.PENDING: frozenset({State.LEASED}),
    # It was answered; or it ended without a page; or a run died or ended first, and it is what it was before.
    State.LEASED: frozenset(
        {State.FETCHED, State.FAILED, State.GONE, State.FORBIDDEN, State.PENDING, State.COMMITTED}
    ),
    # Its row is spooled; or it makes none, since its article is stored; or its bytes cannot be read again.
    State.FETCHED: frozenset({State.STAGED, State.COMMITTED, State.PENDING}),
    # Its row is in a published file.
    State.STAGED: frozenset({State.COMMITTED, State.REJECTED}),
    # A stored article is due to be looked at again.
    State.COMMITTED: frozenset({State.LEASED}),
    # Another run, another address of the article, or somebody who asks for it by name; or a later cleaning
    # finds an article, whose row is spooled, or which is stored already.
    State.REJECTED: frozenset({State.PENDING, State.STAGED, State.COMMITTED}),
    State.FAILED: frozenset({State.PENDING}),
    State.GONE: frozenset({State.PENDING}),
    State.FORBIDDEN: frozenset({State.PENDING}),
}
# What a URL may be when no run is under way.
ENDS = frozenset({State.COMMITTED, State.REJECTED, State.FAILED, State.GONE, State.FORBIDDEN})


def transition_trigger() -> str:
    """SQL of a trigger that refuses every other step, whoever tries it."""
    steps = ", ".join(f"'{old}>{new}'" for old, all_new in TRANSITIONS.items() for new in sorted(all_new))
    return (
        "CREATE TEMP TRIGGER url_states BEFORE UPDATE OF state ON main.urls "
        f"WHEN old.state <> new.state AND old.state || '>' || new.state NOT IN ({steps}) "
        "BEGIN SELECT RAISE(ABORT, 'a URL cannot take this step'); END"
    )
