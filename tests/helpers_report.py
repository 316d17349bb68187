"""Ledgers of many runs for the report: sites of several kinds, and one that decays."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from pipelines.health.alarms import Alarm, Sign
from pipelines.health.figures import FIELDS, LAG_EDGES, LENGTH_EDGES, SiteRun, added
from pipelines.report.measures import point_of
from pipelines.report.records import Cut, NewArticle, ReportData, RunLine, SiteHealth
from pipelines.store.ledger import Ledger
from pipelines.store.site_runs import save_alarms, save_site_runs

LAST = datetime(2026, 11, 23, 6, 0, 3, tzinfo=UTC)
_LANGUAGES = ("ar", "ar", "ar", "fa", "en", "ur", "he", "ckb", "fr")


def run_at(number: int, of: int) -> tuple[str, datetime]:
    """Name and start of run `number` of so many, one a day, the last at `LAST`."""
    at = LAST - timedelta(days=of - 1 - number)
    return f"{at:%Y%m%dT%H%M%S}-{number:06x}", at


def site_run(site: int, number: int, of: int, *, share: float = 1.0) -> SiteRun:
    """A run on a site; `share` of what it usually gives comes, and its articles are the poorer for it."""
    chance = random.Random(f"{site}/{number}")
    run_id, at = run_at(number, of)
    stored = round(share * chance.uniform(0.7, 1.3) * (3 + site * 7 % 40))
    lengths, lags = [0] * (len(LENGTH_EDGES) + 1), [0] * (len(LAG_EDGES) + 1)
    for _ in range(stored):
        middle = 11 - site % 4 - (0 if share == 1 else 4)
        lengths[min(max(round(chance.gauss(middle, 1.6)), 1), len(lengths) - 1)] += 1
        lags[chance.choice((1, 2, 2, 3, 3, 3, 4, 5))] += 1
    known = {
        name: round(stored * (1 - (place * 3 + site) % 9 / 12) * share) for place, name in enumerate(FIELDS)
    }
    return SiteRun(
        run_id, f"site-{site:04}", "news", at,
        seconds=312.5, listed=stored * 3, discovered=stored + 4, fetched=stored + 6, stored=stored,
        changed=chance.randrange(3), unchanged=chance.randrange(9), copies=chance.randrange(2),
        rejected={"not_article": chance.randrange(4), "no_body": round(6 * (1 - share))},
        failed={"timeout": chance.randrange(2)} if chance.random() < 0.3 else {},
        languages={_LANGUAGES[site % len(_LANGUAGES)]: stored} if stored else {},
        filled=known, lengths=tuple(lengths), lags=tuple(lags),
        kept_chars=stored * chance.randrange(1_800, 2_600), removed_chars=stored * chance.randrange(700, 900),
        rules=dict(Counter({"structure.related": stored * 4, "site_memory": stored})),
    )  # fmt: skip


def history(sites: int, runs: int, *, decays: int | None = None) -> Iterator[SiteRun]:
    """Of each site; that of number `decays` loses most of its articles in the last three runs."""
    for site in range(sites):
        for number in range(runs):
            falls = site == decays and number >= runs - 3
            yield site_run(site, number, runs, share=0.15 if falls else 1.0)


def decay_alarm(site: int, runs: int) -> Alarm:
    """What is raised for it."""
    run_id, at = run_at(runs - 3, runs)
    return Alarm(
        site=f"site-{site:04}",
        run_id=run_id,
        raised_at=at,
        signs=(
            Sign("articles", "2 new articles, where the last 28 runs had 11 to 19"),
            Sign("text_length", "texts of 410 characters in the middle, where 1,900 to 2,600 are usual"),
            Sign("fields_filled", "authors in 6 % of the articles, where 82 % are usual"),
        ),
        last_run_id=run_at(runs - 1, runs)[0],
        cases=(
            f"output/report/cases/site-{site:04}/1.html.gz",
            f"output/report/cases/site-{site:04}/it's 2.html.gz",
        ),
    )


def write_ledger(path: Path, sites: int, runs: int, *, decays: int | None = None) -> None:
    """A ledger of so many runs on so many sites; with an open alarm where one decays."""
    with closing(Ledger(path)) as ledger:
        for number in range(runs):
            run_id, at = run_at(number, runs)
            ledger.start_run(run_id, "news", at)
            outcome = "shortfall" if decays is not None and number >= runs - 3 else "ok"
            ledger.end_run(run_id, outcome, at + timedelta(seconds=312.5))
        with ledger.transaction() as db:
            save_site_runs(db, history(sites, runs, decays=decays))
            if decays is not None:
                save_alarms(db, [decay_alarm(decays, runs)])


def synthetic(sites: int, runs: int, *, decays: int | None = None, **changes: Any) -> ReportData:
    """The report's data about `history`, as the ledger would give them."""
    every = list(history(sites, runs, decays=decays))
    lines = [
        RunLine(run_id, "news", at, at + timedelta(seconds=312.5), "ok")
        for run_id, at in (run_at(number, runs) for number in reversed(range(runs)))
    ]
    plain = ReportData(
        made_at=LAST + timedelta(minutes=6),
        output="output",
        latest=tuple(lines[:1]),
        runs=tuple(lines),
        sites=tuple(
            SiteHealth(name, tuple(map(point_of, found)), found[-1])
            for name, found in ((name, list(group)) for name, group in groupby(every, attrgetter("site")))
        ),
        earlier=added(run for run in every if run.run_id != lines[0].run_id),
        alarms=() if decays is None else (decay_alarm(decays, runs),),
        rows={line.started_at.date(): 10 * number for number, line in enumerate(lines)},
    )
    return replace(plain, **changes)


def new_article(**changes: Any) -> NewArticle:
    """An article of our own, with what was cut around it."""
    plain = NewArticle(
        id="0123456789abcdef",
        site="site-0000",
        url="https://site-0000.test/news/1",
        title="عودة طيور النورس إلى خليج الفنار",
        text="عادت النوارس هذا الأسبوع.\n\nوقال الصيادون إنهم لم يروا مثلها منذ أعوام.",
        language="ar",
        words=13,
        removed=2,
        fetched_at=LAST,
        published_at=LAST - timedelta(hours=2),
        authors=("هدى الراسي",),
        score=0.97,
        cuts=(Cut(0, "الرئيسية", "structure.links"), Cut(2, "اقرأ أيضا", "phrase.ar.read_also")),
    )
    return replace(plain, **changes)
