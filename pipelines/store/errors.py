"""What goes wrong with the store, as the command line reports it."""

from __future__ import annotations


class StoreError(Exception):
    """The output or its state cannot be used; the message names the file and the mend."""


class OutputLocked(StoreError):
    """Another run holds the output; the message says which."""


class OtherShards(StoreError):
    """The output is crawled in one piece, or in another number of shards; the message says how to go on."""


class LedgerDamaged(StoreError):
    """The ledger's file cannot be read; it can be rebuilt from what was published."""


class NewerFormat(StoreError):
    """What a later version of Khabar wrote; it is left as it is."""
