"""One side of a comparison, in a process of its own: it loads, warms up, and tells its CPU seconds as JSON.

    python -m benchmarks.bench.side SIDE SET [--data FOLDER] [--pages N] [--known]

With `--known` the pages come site by site, and only those are measured that come when the site is known.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.bench.table import BenchError
from benchmarks.bench.workloads import ROUNDS, TAUGHT, Given, pages_of, sites_of

Work = Callable[[Given], object]
# Our side on a clock, step by step.
STEPS = "steps"
# Pages to warm up with.
_WARMING = 30


def cpu() -> float:
    """Seconds of CPU that this process and its children have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def run_side(
    side: str, name: str, data: Path, *, pages: int | None = None, known: bool = False
) -> dict[str, Any]:
    """What the side says of itself: `seconds`, `pages`, and `steps` where it counts them."""
    command = [sys.executable, "-m", "benchmarks.bench.side", side, name, "--data", str(data)]
    command += ["--pages", str(pages)] if pages else []
    command += ["--known"] if known else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{side} on {name} failed: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# -- the sides


def _ours() -> Work:
    from benchmarks.adapter import as_page  # noqa: PLC0415  a side loads only what is its own
    from pipelines.clean import clean, warm_up  # noqa: PLC0415  as above

    warm_up()
    return lambda given: clean(as_page(*given))


def _trafilatura() -> Work:
    from trafilatura import bare_extraction  # noqa: PLC0415  as above

    return lambda given: bare_extraction(
        given[1], url=given[0] or None, with_metadata=True, include_comments=False
    )


def _lxml() -> Work:
    from lxml.html import document_fromstring  # noqa: PLC0415  as above

    return lambda given: document_fromstring(given[1])


def _decode_and_parse() -> Work:
    from benchmarks.adapter import as_page  # noqa: PLC0415  as above
    from pipelines.page.decode import decode  # noqa: PLC0415  as above
    from pipelines.page.tree import parse  # noqa: PLC0415  as above

    def work(given: Given) -> object:
        page = as_page(*given)
        return parse(decode(page.body, page.header("content-type")).text)

    return work


def _learning() -> Work:
    """Our side on pages that come site by site: it cleans with what it has learnt of the site, and learns."""
    from benchmarks.adapter import as_page  # noqa: PLC0415  as above
    from pipelines.body.site_history import SiteHistory  # noqa: PLC0415  as above
    from pipelines.clean import clean, warm_up  # noqa: PLC0415  as above
    from pipelines.policy import DEFAULT_POLICY  # noqa: PLC0415  as above

    warm_up()
    histories: defaultdict[str | None, SiteHistory] = defaultdict(lambda: SiteHistory(DEFAULT_POLICY))

    def work(given: Given) -> object:
        history = histories[urlsplit(given[0]).hostname]
        cleaned = clean(as_page(*given), DEFAULT_POLICY, history.snapshot())
        if cleaned.view is not None:
            history.learn(cleaned.view)
        return cleaned

    return work


SIDES: dict[str, Callable[[], Work]] = {
    "ours": _ours,
    "learning": _learning,
    "trafilatura": _trafilatura,
    "lxml": _lxml,
    "decode": _decode_and_parse,
}


def _measured(work: Work, pages: list[Given]) -> float:
    started = cpu()
    for given in pages:
        work(given)
    return cpu() - started


def _known_sites(work: Work, sites: list[list[Given]]) -> tuple[float, int]:
    """(seconds, pages) of all sites: their later pages, given in rounds; their first are not measured."""
    seconds, count = 0.0, 0
    _warm(work, [given for pages in sites for given in pages[:TAUGHT]])
    for pages in sites:
        later = pages[TAUGHT:] * ROUNDS
        seconds += _measured(work, later)
        count += len(later)
    return seconds, count


def _steps(pages: list[Given], others: list[Given]) -> dict[str, Any]:
    """Our side with each of its steps on a clock."""
    from benchmarks.bench.clocked import Clocked  # noqa: PLC0415  as above

    work = _ours()
    _warm(work, others)
    with Clocked() as clocked:
        seconds = _measured(work, pages)
    return {"seconds": seconds, "pages": len(pages), "steps": clocked.steps}


def _warm(work: Work, pages: list[Given]) -> None:
    """All sides load data of a language or a calendar with the first page that needs it.

    Then garbage is collected as in a crawl's workers, whoever's work it is.
    """
    from pipelines.garbage import collect_seldom  # noqa: PLC0415  as above

    for given in pages:
        work(given)
    collect_seldom()


def _others(pages: list[Given], name: str, data: Path) -> list[Given]:
    """Pages of the set that are not measured, or some that are where all of them are, spread evenly."""
    measured = {given[1] for given in pages}
    every = pages_of(name, data)
    left = [given for given in every if given[1] not in measured] or every
    return left[:: max(1, len(left) // _WARMING)]


def main() -> None:
    """Measure one side and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=[*SIDES, STEPS])
    parser.add_argument("set")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pages", type=int)
    parser.add_argument("--known", action="store_true")
    given = parser.parse_args()
    if given.side == STEPS:
        pages = pages_of(given.set, given.data, given.pages)
        print(json.dumps(_steps(pages, _others(pages, given.set, given.data))))
        return
    work = SIDES[given.side]()
    if given.known:
        seconds, count = _known_sites(work, sites_of(given.set, given.data, given.pages))
    else:
        pages = pages_of(given.set, given.data, given.pages)
        _warm(work, _others(pages, given.set, given.data))
        seconds, count = _measured(work, pages), len(pages)
    print(json.dumps({"seconds": seconds, "pages": count}))


if __name__ == "__main__":
    main()
