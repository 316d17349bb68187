"""One task of any step, wherever it runs: what goes wrong with a file comes back as a value."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from pipelines.archive.batch.cleaning import clean_archive
from pipelines.archive.batch.deciding import decide
from pipelines.archive.batch.job import GivenUp, Job, Made, Outcome, Report, Step, Task
from pipelines.archive.batch.learning import choose, index, learn, view
from pipelines.archive.batch.likeness import band, cluster, pair
from pipelines.archive.batch.pages import PagePool
from pipelines.archive.batch.parts import write
from pipelines.archive.batch.shelf import Shelf, open_shelf
from pipelines.archive.read import NotWarc
from pipelines.store.errors import StoreError

_PLAIN: dict[Step, Callable[[Job, Task, Shelf], Report]] = {
    Step.INDEX: index,
    Step.CHOOSE: choose,
    Step.LEARN: learn,
    Step.DECIDE: decide,
    Step.BAND: band,
    Step.PAIR: pair,
    Step.CLUSTER: cluster,
    Step.WRITE: write,
}
# Steps that read what strangers wrote give it to the killable workers.
_OF_PAGES: dict[Step, Callable[[Job, Task, Shelf, PagePool], Report]] = {
    Step.VIEW: view,
    Step.CLEAN: clean_archive,
}
OF_PAGES = frozenset(_OF_PAGES)


def carry_out(job: Job, task: Task, pool: PagePool | None = None) -> Outcome:
    """The task's report, or why there is none; `pool` for the steps `OF_PAGES`."""
    try:
        shelf = open_shelf(job.work)
        if task.step in _OF_PAGES:
            assert pool is not None
            return Made(task, _OF_PAGES[task.step](job, task, shelf, pool))
        return Made(task, _PLAIN[task.step](job, task, shelf))
    except NotWarc as error:
        return GivenUp(task, str(error), final=True)
    except (StoreError, OSError, pa.ArrowException) as error:
        return GivenUp(task, _one_line(error))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
