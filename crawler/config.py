"""The settings of ours, read and checked once."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from scrapy.settings import BaseSettings

from crawler.errors import UserError
from crawler.unsafe import refuse_unsafe
from pipelines.masking import hidden
from pipelines.policy import MIB
from pipelines.recheck import NEVER, Recheck
from pipelines.shard import Shard
from pipelines.store.errors import StoreError
from pipelines.store.output import Output, open_output
from pipelines.store.place import ledger_path, state_folder
from pipelines.store.raw import MAX_FILE_BYTES


@dataclass(frozen=True, slots=True)
class RunConfig:
    """The settings of ours that a run needs, read and checked once.

    `output` is a folder or `s3://bucket/prefix`; `state` is the local folder of lock, scratch and ledger.
    """

    output: str
    state: Path
    ledger: Path
    workers: int
    page_seconds: float
    page_memory_bytes: int
    recheck: Recheck = NEVER
    contact: str = ""
    shard: Shard | None = None
    raw_file_bytes: int = MAX_FILE_BYTES
    raw_days: float = 0.0
    json_log: bool = False
    metrics: Path | None = None
    report: bool = True
    progress: bool = True

    @classmethod
    def from_settings(cls, settings: BaseSettings, shard: Shard | None = None) -> RunConfig:
        """Of a `shard` or of the whole. Raises `UserError` naming the setting."""
        checked_number(settings, "NEWS_HOST_BUDGET", 0)
        checked_number(settings, "NEWS_WAITING_PAGES", 1)
        checked_number(settings, "NEWS_WAITING_MB", 1)
        refuse_unsafe(settings)
        output, ledger = settings.get("NEWS_OUTPUT") or "", settings.get("NEWS_STATE") or ""
        if "://" in ledger:
            raise UserError(f"NEWS_STATE={hidden(ledger)!r}: it must be a file")
        try:
            state = state_folder(output, ledger, shard)
        except StoreError as error:
            raise UserError(f"NEWS_OUTPUT={hidden(output)!r}: {error}") from None
        return cls(
            output=output,
            state=state,
            ledger=ledger_path(state, ledger),
            workers=int(checked_number(settings, "NEWS_WORKERS", 0)) or os.cpu_count() or 1,
            page_seconds=checked_number(settings, "NEWS_PAGE_SECONDS", 0.1),
            page_memory_bytes=int(checked_number(settings, "NEWS_PAGE_MEMORY_MB", 256)) * MIB,
            recheck=_recheck(settings.get("NEWS_RECHECK") or "never"),
            contact=settings.get("NEWS_CONTACT") or "",
            shard=shard,
            raw_file_bytes=int(checked_number(settings, "NEWS_RAW_FILE_MB", 1) * MIB),
            raw_days=checked_number(settings, "NEWS_RAW_DAYS", 0),
            progress=_flag(settings, "NEWS_PROGRESS"),
            metrics=_metrics(settings.get("NEWS_METRICS") or ""),
            report=_flag(settings, "NEWS_REPORT"),
            json_log=_json_log(settings.get("NEWS_LOG_FORMAT") or "text"),
        )

    @property
    def held(self) -> str:
        """What only one run may hold, as users call it."""
        return f"shard {self.shard} of {self.output}" if self.shard else self.output

    @property
    def report_folder(self) -> Path:
        """Local folder of what people and monitoring look at: report, alarms, cases, metrics."""
        base = self.state if "://" in self.output else Path(self.output)
        return base / "report" / self.shard.name if self.shard else base / "report"

    def open_output(self) -> Output:
        """The output, not yet asked for anything."""
        return open_output(self.output, self.state)


def name_operator(settings: BaseSettings) -> None:
    """Put NEWS_CONTACT into the user agent."""
    if contact := settings.get("NEWS_CONTACT"):
        agent = f"{settings['USER_AGENT']} (+{contact})"
        settings.set("USER_AGENT", agent, settings.getpriority("USER_AGENT") or 0)


def checked_number(settings: BaseSettings, name: str, least: float) -> float:
    """The setting as a number of at least `least`; raises `UserError` naming it."""
    try:
        value = float(settings.get(name))
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{name}={settings.get(name)!r}: it must be a number")
    if value < least:
        raise UserError(f"{name}={settings.get(name)}: it must be at least {least:g}")
    return value


def _flag(settings: BaseSettings, name: str) -> bool:
    try:
        return settings.getbool(name)
    except ValueError:
        raise UserError(f"{name}={settings.get(name)!r}: it must be 1 or 0") from None


def _metrics(text: str) -> Path | None:
    if text and ("://" in text or not text.endswith(".prom")):
        raise UserError(f"NEWS_METRICS={hidden(text)!r}: it must be a file whose name ends in .prom")
    return Path(text) if text else None


def _json_log(text: str) -> bool:
    if text not in ("text", "json"):
        raise UserError(f"NEWS_LOG_FORMAT={text!r}: it must be text or json")
    return text == "json"


def _recheck(text: str) -> Recheck:
    try:
        return Recheck.parse(text)
    except ValueError as error:
        raise UserError(f"NEWS_RECHECK={text!r}: {error}") from None
