"""The steps of a batch in their order; engines differ only in how each is mapped over its tasks.

What a step makes is named after what it was made of: a batch that was killed, or is given more archives, does
what is missing. Rows are decided over all archives that were ever cleaned into the output.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pipelines.archive.batch.engine import Engine
from pipelines.archive.batch.job import (
    GivenUp,
    Input,
    Job,
    Report,
    Slice,
    Step,
    Task,
    digest_of,
)
from pipelines.archive.batch.memories import memory_name, memory_parts
from pipelines.archive.batch.publishing import in_place, publish
from pipelines.archive.batch.sheets import read_report
from pipelines.archive.batch.shelf import Shelf
from pipelines.policy import MIB
from pipelines.store.errors import StoreError
from pipelines.store.manifest import PublishedFile
from pipelines.store.output import Output

# Captures whose versions are decided in one task: some 300 MB with their signatures.
_PART_ROWS = 250_000
_LEAST_PARTS = 4
# Rows of a day that are sorted in one task; they become one part file a dataset.
_PART_BYTES = 256 * MIB
_REGISTER = "archives.json"
Names = tuple[str, ...]
_OF_A_STATE = (Step.DECIDE, Step.BAND, Step.PAIR, Step.CLUSTER, Step.WRITE)


@dataclass(slots=True)
class Summary:
    """What a batch came to. `given_up` and `damaged` are lines for the user."""

    counts: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)  # tasks carried out, by step
    given_up: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    files: int = 0


class Batch:
    """One run over some archives; `tell` gets a line when a step begins."""

    def __init__(
        self, job: Job, engine: Engine, shelf: Shelf, output: Output, tell: Callable[[str], object]
    ) -> None:
        self._job = job
        self._engine = engine
        self._shelf = shelf
        self._output = output
        self._tell = tell
        self.summary = Summary()

    def run(self, inputs: Sequence[Input]) -> Summary:
        """Raises `StoreError` when it cannot be finished; archives that cannot be read are given up."""
        left = self._of_archives(Step.INDEX, inputs, "index/{}.parquet")
        left = self._learn(left)
        left = self._of_archives(Step.CLEAN, left, "articles/{}.parquet")
        for source in left:
            report = read_report(self._shelf, f"articles/{source.key}.parquet")
            self.summary.counts.update(report.counts)
            self.summary.damaged.extend(report.damaged)
        register = self._registered(left)
        if register:
            self._publish(register)
        return self.summary

    # -- archives, of which each may be given up

    def _of_archives(self, step: Step, inputs: Sequence[Input], name: str, reads: Names = ()) -> list[Input]:
        """Those of the archives for which the step's result is there afterwards."""
        tasks = [Task(step, name.format(each.key), reads, each) for each in inputs]
        failed = {outcome.task.source for outcome in self._carry_out(tasks)}
        return [each for each in inputs if each not in failed]

    def _carry_out(self, tasks: Sequence[Task]) -> list[GivenUp]:
        """Do the tasks whose result is missing; those that were given up, told to the user."""
        missing = [task for task in tasks if not self._is_done(task)]
        if not missing:
            return []
        self._tell(f"{missing[0].step}: {len(missing)} of {len(tasks)}")
        failed = []
        for outcome in self._engine.each(missing):
            if isinstance(outcome, GivenUp):
                failed.append(outcome)
            else:
                self.summary.done[outcome.task.step] += 1
        failed.sort(key=lambda each: each.task.name)
        for each in failed:
            if each.task.source is not None:
                self.summary.given_up.append(_line(each))
        return failed

    def _is_done(self, task: Task) -> bool:
        if not self._shelf.has(task.result):
            return False
        if task.step is Step.LEARN:
            return set(task.learns) <= set(read_report(self._shelf, task.result).learnt)
        if task.step is Step.WRITE:
            return in_place(self._output, self._job.work, self._files([task]))
        return True

    # -- site memory

    def _learn(self, inputs: Sequence[Input]) -> list[Input]:
        """Those of the archives that what is known of sites was learnt from, or did not need to be."""
        keys = tuple(sorted(each.key for each in inputs))
        parts = [part for part in memory_parts() if not self._has_learnt(part, keys)]
        if not parts:
            return list(inputs)
        state = digest_of(*keys)
        indexes = tuple(f"index/{key}.parquet" for key in keys)
        chosen = [
            Task(Step.CHOOSE, f"choose/{state}/{part}.parquet", indexes, part=part) for part in memory_parts()
        ]
        choices = self._made(chosen)
        left = self._of_archives(Step.VIEW, inputs, f"view/{state}/{{}}.parquet", choices)
        keys = tuple(sorted(each.key for each in left))
        views = tuple(f"view/{state}/{key}.parquet" for key in keys)
        self._all(
            [Task(Step.LEARN, memory_name(self._job, part), views, part=part, learns=keys) for part in parts]
        )
        self._forget(("choose", "view"), state)
        self._forget(("memory",), self._job.cleaner)
        return left

    def _has_learnt(self, part: Slice, keys: Names) -> bool:
        return self._is_done(self._learning(part, keys))

    def _learning(self, part: Slice, keys: Names, views: Names = ()) -> Task:
        return Task(Step.LEARN, memory_name(self._job, part), views, part=part, learns=keys)

    # -- all that was ever cleaned here

    def _registered(self, inputs: Iterable[Input]) -> dict[str, str]:
        """Key of each archive's rows -> what names the archive; one whose file has changed is there once."""
        there: dict[str, tuple[str, str]] = {}
        if self._shelf.has(_REGISTER):
            with self._shelf.open(_REGISTER) as file:
                there = {place: (key, name) for place, (key, name) in json.load(file).items()}
        new = {each.archive.place: (each.key, each.run_id) for each in inputs}
        if new.items() <= there.items():
            return dict(there.values())
        there |= new
        path = self._shelf.scratch()
        path.write_text(json.dumps(there, indent=1, sort_keys=True), encoding="utf-8")
        self._shelf.keep(path, _REGISTER)
        return dict(there.values())

    def _publish(self, register: dict[str, str]) -> None:
        state = digest_of(*sorted(register))
        cleaned = tuple(f"articles/{key}.parquet" for key in sorted(register))
        reports = [read_report(self._shelf, name) for name in cleaned]
        decided, clusters = self._decide(
            state, cleaned, sum(each.counts.get("articles", 0) for each in reports)
        )
        run_id = f"batch-{digest_of(*sorted(register.values()))}"
        writing = [
            Task(
                Step.WRITE,
                f"write/{state}/{day}-{part}.parquet",
                (*cleaned, *decided, *clusters),
                part=part,
                day=date.fromisoformat(day),
                run_id=run_id,
            )
            for day, size in sorted(_days(reports).items())
            for part in _slices(1 + size // _PART_BYTES)
        ]
        self._all(writing)
        files = self._files(writing)
        publish(self._output, self._job.work, files, datetime.now(UTC))
        for name in decided + clusters:
            counts = read_report(self._shelf, name).counts
            self.summary.counts.update({f"published.{kind}": count for kind, count in counts.items()})
        self.summary.files = len(files)
        self._forget(_OF_A_STATE, state)
        self._forget_rows(register)

    def _decide(self, state: str, cleaned: Names, rows: int) -> tuple[Names, Names]:
        """The sheets with what makes rows, and those with what is near what."""
        parts = _slices(max(_LEAST_PARTS, -(-rows // _PART_ROWS)))
        decided = self._made(
            Task(Step.DECIDE, f"decide/{state}/{part}.parquet", cleaned, part=part) for part in parts
        )
        bands = self._made(
            Task(Step.BAND, f"band/{state}/{part}.parquet", (of,))
            for part, of in zip(parts, decided, strict=True)
        )
        pairs = self._made(
            Task(Step.PAIR, f"pair/{state}/{part}.parquet", bands + decided, part=part) for part in parts
        )
        return decided, self._made([Task(Step.CLUSTER, f"cluster/{state}/all.parquet", pairs + decided)])

    def _made(self, tasks: Iterable[Task]) -> Names:
        """The results of tasks, which are there afterwards."""
        some = list(tasks)
        self._all(some)
        return tuple(task.result for task in some)

    def _all(self, tasks: Sequence[Task]) -> None:
        """Tasks that a batch cannot do without."""
        failed = self._carry_out(tasks)
        if failed:
            raise StoreError(f"{_line(failed[0])}; run it again to go on")

    def _files(self, tasks: Iterable[Task]) -> list[PublishedFile]:
        reports = (read_report(self._shelf, task.result) for task in tasks)
        return [PublishedFile(**file) for report in reports for file in report.files]

    # -- what nothing needs any more

    def _forget(self, folders: Iterable[str], state: str) -> None:
        for folder in folders:
            for name in self._shelf.names(folder):
                if name.split("/")[1] != state:
                    self._shelf.remove(name)

    def _forget_rows(self, register: dict[str, str]) -> None:
        for folder in ("articles", "rejected", "removed_blocks"):
            for name in self._shelf.names(folder):
                if name.removeprefix(f"{folder}/").removesuffix(".parquet") not in register:
                    self._shelf.remove(name)


def _line(given_up: GivenUp) -> str:
    name = given_up.task.name
    return given_up.why if name in given_up.why else f"{name}: {given_up.why}"


def _slices(count: int) -> list[Slice]:
    return [Slice(number, count) for number in range(count)]


def _days(reports: Iterable[Report]) -> Counter[str]:
    """Bytes of the rows of each day."""
    days: Counter[str] = Counter()
    for report in reports:
        for dataset_and_day, size in report.days.items():
            days[dataset_and_day.split(" ")[1]] += size
    return days
