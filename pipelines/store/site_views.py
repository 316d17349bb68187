"""The ledger's part of site memory: what the last pages of a site showed."""

from __future__ import annotations

import sqlite3

from pipelines.body.site_history import SiteHistory
from pipelines.policy import Policy
from pipelines.records import PageView


def load_history(db: sqlite3.Connection, site: str, policy: Policy) -> SiteHistory:
    """What the site's last pages showed."""
    rows = db.execute(
        "SELECT body, headline, marks, quality, stated, beside FROM site_views WHERE site = ? ORDER BY page",
        (site,),
    )
    return SiteHistory(
        policy,
        (
            PageView(body, headline, marks, quality, bool(stated), beside)
            for body, headline, marks, quality, stated, beside in rows
        ),
    )


def learn(db: sqlite3.Connection, site: str, view: PageView, policy: Policy) -> None:
    """Remember one more page; what `SiteHistory` would forget is forgotten here, too."""
    newest = "SELECT coalesce(max(page), 0) FROM site_views WHERE site = ?"
    page = db.execute(newest, (site,)).fetchone()[0] + 1
    db.execute(
        "INSERT INTO site_views VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (site, page, view.body, view.headline, view.marks, view.quality, view.stated, view.beside),
    )
    old = "SELECT page FROM site_views WHERE site = ? {} ORDER BY page DESC LIMIT 1 OFFSET ?"
    for narrower, values, most in (
        ("AND body = ?", (site, view.body), policy.memory_template_pages),
        ("", (site,), policy.memory_site_pages),
    ):
        db.execute(
            f"DELETE FROM site_views WHERE site = ? {narrower} AND page <= "  # noqa: S608  constants only
            f"({old.format(narrower)})",
            (*values, *values, most),
        )
