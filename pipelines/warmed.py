"""Imported once by the server that workers are forked from, for what it does: load what cleaning needs.

The workers share it, in memory and in time: it takes two seconds, and a worker is replaced every 1,000 pages.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import suppress

logging.disable()  # as the workers do: libraries quote pages to stderr
warnings.simplefilter("ignore")
with suppress(Exception):  # each worker loads what is not there, and tells
    from pipelines.clean import warm_up
    from pipelines.garbage import collect_seldom

    warm_up()
    collect_seldom()
