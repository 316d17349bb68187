"""One crawl's resources: lock, ledger, raw store, workers and publisher, opened and closed together."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from crawler.config import RunConfig
from crawler.discovery.shapes import SiteShapes
from crawler.figures import Figures
from crawler.telling import tell
from pipelines.archive.catalog import Catalog
from pipelines.archive.stored import stored_response
from pipelines.body.site_history import SiteHistory
from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.shard import Shard, new_run_id
from pipelines.store.errors import LedgerDamaged, StoreError
from pipelines.store.forget import refuse_missing
from pipelines.store.ledger import Ledger
from pipelines.store.ledger_file import name_beforehand
from pipelines.store.lock import RunLock
from pipelines.store.publish import Published, Publisher, write_manifest
from pipelines.store.raw import RawResponse, RawStore
from pipelines.store.rebuild import is_lost, rebuild
from pipelines.store.release import release
from pipelines.store.replacement import sweep_retired
from pipelines.store.shapes import load_shapes, save_shapes
from pipelines.store.shards import check_ledger, claim_shard, is_overtaken
from pipelines.store.site_runs import save_alarms, save_site_runs, thin_out
from pipelines.store.tails import mend_dead_runs
from pipelines.store.writable import check_writable
from pipelines.urls.warm import warm_up
from pipelines.workers import Workers, load_ahead

# Sites whose memory is held at a time; some 100 kB each.
_MAX_HISTORIES = 1_000


class Run:
    """Opened before the first request; raises `UserError` or `StoreError` with nothing left behind."""

    def __init__(self, config: RunConfig, spider: str, policy: Policy = DEFAULT_POLICY) -> None:
        load_ahead()
        self.config = config
        self.spider = spider
        self.policy = policy
        self.figures = Figures()
        self.started_at = now = datetime.now(UTC)
        self.run_id = new_run_id(now, config.shard)
        self.output = config.open_output()
        self._lock = RunLock(config.state, config.ledger, f"run {self.run_id}", config.held)
        try:
            self._prepare(spider, now)
        except sqlite3.Error as error:
            self._let_go()
            raise StoreError(f"cannot write the ledger {config.ledger}: {error}") from None
        except BaseException:  # raised again: whatever it was, nobody else would release the lock
            self._let_go()
            raise
        self.raw_folder = self.output.raw_folder
        self.raw = RawStore(self.raw_folder, self.run_id, self.ledger.writer, config.raw_file_bytes)
        self.workers = Workers(config.workers, config.page_seconds, config.page_memory_bytes)
        warm_up()
        self.workers.start()
        self._histories: dict[str, SiteHistory] = {}
        self._shapes: dict[str, SiteShapes] = {}

    def _prepare(self, spider: str, now: datetime) -> None:
        """All that is tried, mended and noted before anything is fetched."""
        config = self.config
        self.output.check(now.date())
        claim_shard(self.output, config.shard, config.state, config.ledger)
        check_writable([config.state, self.output.raw_folder], config.ledger)
        self.ledger = self._opened_ledger(now)
        self.publisher = Publisher(self.ledger, self.output, config.state / "scratch", self.run_id)
        self.publisher.recover()
        sweep_retired(self.ledger, self.output, now)
        refuse_missing(self.output, self.ledger.connection)
        mend_dead_runs(self.ledger, self.output.raw_folder, now)
        self.ledger.start_run(self.run_id, spider, now)

    def _let_go(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()
        self._lock.release()

    def _opened_ledger(self, now: datetime) -> Ledger:
        """The ledger; one that is lost, damaged or overtaken is made anew from what was published."""
        config, path = self.config, self.config.ledger
        if not is_lost(path, self.output, config.shard) and (found := self._current_ledger(path)):
            return found
        rebuilt = rebuild(path, self.output, config.recheck, now, shard=config.shard)
        self.figures.rebuilt = rebuilt
        ledger = Ledger(path, self.policy, config.recheck)
        write_manifest(self.output, ledger, rebuilt.replaces)  # it may be lost, too
        return ledger

    def _current_ledger(self, path: Path) -> Ledger | None:
        """None where it is damaged, or another machine has gone on with the shard."""
        if self.config.shard:
            name_beforehand(path, self.config.shard)
        try:
            ledger = Ledger(path, self.policy, self.config.recheck)
        except LedgerDamaged:
            return None
        try:
            check_ledger(ledger, path, self.config.shard)
            overtaken = is_overtaken(self.output, ledger)
        except BaseException:  # raised again: nobody else would close it
            ledger.close()
            raise
        if overtaken:
            ledger.close()
        return None if overtaken else ledger

    def history(self, site: str) -> SiteHistory:
        """What pages of `site` showed; loaded on first use, and again when many sites came between."""
        known = self._histories.pop(site, None)
        self._histories[site] = known if known is not None else self.ledger.site_history(site)
        if len(self._histories) > _MAX_HISTORIES:
            del self._histories[next(iter(self._histories))]
        return self._histories[site]

    def shapes(self, site: str) -> SiteShapes:
        """What addresses of `site` turned out to be; loaded on first use, saved when the run ends."""
        if site not in self._shapes:
            self._shapes[site] = SiteShapes(load_shapes(self.ledger.connection, site))
        return self._shapes[site]

    def stored_response(self, warc_file: str, offset: int) -> RawResponse:
        """A response from the raw folder, from where the output keeps it, or from an archive that was read.

        Raises `StoreError`.
        """
        return stored_response(self.output, self.ledger.connection, warc_file, offset)

    def is_archive(self, name: str) -> bool:
        """Whether rows call an archive file so that was read, and no file of ours."""
        return Catalog(self.ledger.connection).place_of(name) is not None

    def _save_shapes(self) -> None:
        with self.ledger.transaction() as db:
            for site, shapes in self._shapes.items():
                save_shapes(db, site, shapes.as_counts())

    def fail(self, message: str) -> None:
        """The run cannot go on writing; the first message is the one reported."""
        self.figures.fatal = self.figures.fatal or message

    def give_up(self, what: str) -> None:
        """A file, or a part of one, cannot be read: it is named, and the run goes on."""
        self.figures.given_up.append(what)

    def close(self) -> None:
        """Publish what was spooled and let go of everything; a failure becomes `figures.fatal`."""
        try:
            steps = (self.workers.stop, self.raw.close, self._save_cases, self._save_shapes, self._keep_raw)
            for step in (*steps, self._publish, self._release_raw, self._end, self._write_alerts):
                self._attempt(step)
            tell(self)
        finally:
            self._let_go()

    def _attempt(self, step: Callable[[], None]) -> None:
        """One step of closing: what fails is reported, and the next step is taken all the same."""
        try:
            step()
        except (StoreError, OSError, sqlite3.Error) as error:
            self.fail(str(error))

    def _save_cases(self) -> None:
        """While the run's pages are here, and its rows in the spool."""
        if self.figures.watched is not None:
            db, report = self.ledger.connection, self.config.report_folder
            self.figures.watched.save_cases(db, self.raw_folder, report)

    def _write_alerts(self) -> None:
        if self.figures.watched is not None:
            db, report = self.ledger.connection, self.config.report_folder
            self.figures.watched.write_alerts(db, report, self.figures.shortfalls)

    def _keep_raw(self) -> None:
        """Raw files go where the rows go, and before them; so do those of runs that were killed.

        What the next run still has to clean stays here: it must not be fetched again when a store is down.
        """
        needed = {left.warc_file for left in self.ledger.unfinished()}
        for path in sorted(self.raw_folder.glob("khabar-*.warc.gz")):
            if path.name not in needed:
                self.output.keep_raw(path)

    def _release_raw(self) -> None:
        """Only by a run that is through: what went wrong may have to be cleaned again."""
        if self.config.raw_days and not self.figures.fatal:
            kept = timedelta(days=self.config.raw_days)
            self.figures.released = release(self.ledger, self.output, kept, datetime.now(UTC))

    def _publish(self) -> None:
        before, now = self.figures.published, self.publisher.publish()
        if before is not None:
            rows = {name: before.rows[name] + number for name, number in now.rows.items()}
            now = Published(before.files + now.files, rows)
        self.figures.published = now

    def publish_now(self) -> None:
        """Publish what was spooled so far; what fails is the run's end."""
        self._attempt(self._publish)

    def has_files(self) -> bool:
        """Whether there is anything to look at; a store that no longer answers shows nothing."""
        try:
            return any(self.output.targets())
        except (StoreError, OSError):
            return False

    def _end(self) -> None:
        with self.ledger.transaction() as db:
            save_site_runs(db, self.figures.site_runs)
            thin_out(db, (each.site for each in self.figures.site_runs), self.started_at)
            if self.figures.watched is not None:
                save_alarms(db, self.figures.watched.changed)
        self.ledger.end_run(self.run_id, self.figures.outcome, datetime.now(UTC))

    @classmethod
    def of(cls, crawler: Crawler, shard: Shard | None = None) -> Run:
        """The run of `crawler`, opened from its settings unless `attach` was called."""
        if crawler not in _RUNS:
            _RUNS[crawler] = cls(RunConfig.from_settings(crawler.settings, shard), crawler.spidercls.name)
        return _RUNS[crawler]

    def attach(self, crawler: Crawler) -> None:
        """Make this the run of `crawler`."""
        _RUNS[crawler] = self


# A crawler's components find the run of their crawler here.
_RUNS: WeakKeyDictionary[Crawler, Run] = WeakKeyDictionary()
