"""The page: one HTML file with its style, its script and nothing of anywhere else."""

from __future__ import annotations

import hashlib
import shlex
from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipelines import EXTRACTOR
from pipelines.report import view, words
from pipelines.report.distributions import distributions
from pipelines.report.records import ReportData

# Open alarms that are told in full; cases that are named of each, and runs in the list.
_ALARMS = 50
_CASES = 5
_RUNS = 7
# Functions of `words` that templates call.
_FILTERS = ("short", "spaced", "language_name", "outcome_words", "percent", "number", "duration", "moment")


def render(data: ReportData) -> str:
    """The page as HTML; every text of a stranger in it is escaped, and without controls."""
    style, script = _source("style.css"), _source("sites.js")
    sites = list(view.site_rows(data))
    still_open = [alarm for alarm in data.alarms if alarm.ended_at is None]
    context = {
        "data": data,
        "version": EXTRACTOR,
        "style": Markup(style),  # noqa: S704  a file of ours
        "script": Markup(script),  # noqa: S704  a file of ours
        "policy": _policy(style, script),
        "open_alarms": len(still_open),
        "alarms": still_open[:_ALARMS],
        "more_alarms": still_open[_ALARMS:],
        "ended": [alarm for alarm in data.alarms if alarm.ended_at is not None][:_CASES],
        "cases": _CASES,
        "tiles": view.tiles(data),
        "run_flow": view.run_flow(data),
        "ledger_flow": view.ledger_flow(data),
        "sites": sites,
        "noticed": view.noticed(sites),
        "longest": max((len(site.points) for site in data.sites), default=0),
        "spread": distributions(data),
        "articles": list(view.article_views(data)),
        "calendar": view.run_calendar(data),
        "runs": data.runs[:_RUNS],
        "stored": view.stored_by_run(data),
        "parts": _parts(data),
    }
    return _environment().get_template("page.html").render(context)


def _parts(data: ReportData) -> list[tuple[str, str]]:
    """Id and name of the sections that there are."""
    any_articles = any(site.latest and site.latest.stored for site in data.sites) or data.earlier.stored
    there = {
        ("alarms", "Alarms"): True,
        ("run", "Run"): data.latest or data.rows,
        ("waterfall", "Waterfall"): data.latest or data.rows,
        ("sites", "Sites"): data.latest or data.rows,
        ("spread", "Articles"): any_articles and (data.latest or data.rows),
        ("removed", "Removed blocks"): data.published.removed,
        ("articles", "Newest articles"): data.published.articles,
        ("unread", "What could not be read"): data.unread,
    }
    return [part for part, is_there in there.items() if is_there]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipelines.report"),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: getattr(words, name) for name in _FILTERS} | {"quoted": shlex.quote}
    environment.globals |= {"lags": words.LAGS}
    return environment


def _finalized(value: Any) -> Any:
    """Whatever is put into the page, wherever: a string that is not Markup may be a stranger's."""
    return words.shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _source(name: str) -> str:
    return files("pipelines.report").joinpath("templates", name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy that lets in these two texts and nothing else."""
    hashes = [b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
