"""Exit codes and the errors that carry them; each message is the one line the user gets."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process ends with; documented in docs/reference.md."""

    OK = 0
    BUG = 1
    USAGE = 2
    LOCKED = 3
    UNFINISHED = 4
    SHORTFALL = 5
    DAMAGED = 6


class UserError(Exception):
    """A mistake of the user's: the message names the file, key, argument or URL, and the mend."""

    exit_code = ExitCode.USAGE
