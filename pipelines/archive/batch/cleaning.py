"""The second pass: every page of an archive, cleaned with what is known of its site."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

from pipelines.archive.batch.job import Job, Report, Task
from pipelines.archive.batch.memories import Memories
from pipelines.archive.batch.pages import PagePool
from pipelines.archive.batch.reading import Reader
from pipelines.archive.batch.rows import SHEETS, cleaned_rows
from pipelines.archive.batch.sheets import SheetWriter
from pipelines.archive.batch.shelf import Shelf
from pipelines.records import Rejected


def dataset_name(result: str, dataset: str) -> str:
    """The sheet of a dataset beside that of the articles, which is written last and says all is done."""
    return result if dataset == "articles" else result.replace("articles/", f"{dataset}/", 1)


def clean_archive(job: Job, task: Task, shelf: Shelf, pool: PagePool) -> Report:
    """The rows of all its pages; the report counts them and the bytes of each day."""
    assert task.source is not None
    source = task.source
    reader, memories = Reader(job, source), Memories(job, shelf)
    counts: Counter[str] = Counter()
    days: Counter[str] = Counter()
    with ExitStack() as open_sheets:
        sheets = {
            dataset: open_sheets.enter_context(SheetWriter(shelf, dataset_name(task.result, dataset), schema))
            for dataset, schema in SHEETS.items()
        }
        pages = ((offset, page, memories.of(page.site)) for offset, page in reader.pages())
        for offset, page, cleaned in pool.clean(pages):
            result = cleaned.result
            counts[f"rejected.{result.reason}" if isinstance(result, Rejected) else "articles"] += 1
            for dataset, rows in cleaned_rows(cleaned, source, offset).items():
                sheets[dataset].add(rows)
                days[f"{dataset} {page.fetched_at.date().isoformat()}"] += sum(map(_size, rows))
        report = Report(counts + reader.counts, tuple(reader.damaged), days)
        for dataset in ("rejected", "removed_blocks", "articles"):
            sheets[dataset].finish(report)
    return report


def _size(row: dict[str, object]) -> int:
    """About as many bytes as the row has in memory."""
    return 500 + sum(len(value) for value in row.values() if isinstance(value, str | bytes))
