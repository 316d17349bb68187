"""Ledgers of many runs for the report: sites of several kinds, and one that decays."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.health.alarms import Alarm, Sign
from pipelines.health.figures import FIELDS, LAG_EDGES, LENGTH_EDGES, SiteRun
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
