"""Imported by the server that workers are forked from: they find the cleaning loaded and warm."""

from __future__ import annotations

from pipelines.clean import warm_up

warm_up()
