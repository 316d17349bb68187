"""What must be true of a ledger and its rows: each check looks at one thing from two sides.

Each query gives its violations as (site, example); the temporary tables are those of `reconcile.sql`.
"""

from __future__ import annotations

from dataclasses import dataclass

LEDGER = "other hands changed the ledger: move it away, and it is rebuilt from what was published"
FILES = "`scrapy verify` names the file: restore it from a copy"
_TOO_MANY = "`scrapy verify` names files that nobody published: move them away"


@dataclass(frozen=True, slots=True)
class Check:
    """`wrong` says what `{count}` violations of it are, `mend` what to do."""

    name: str
    wrong: str
    mend: str
    query: str


CHECKS = (
    Check(
        "state",
        "{count} URLs are in no known state",
        LEDGER,
        """SELECT site, key || ' is ' || state FROM urls WHERE state NOT IN ('pending', 'leased', 'fetched',
            'staged', 'committed', 'rejected', 'failed', 'gone', 'forbidden')""",
    ),
    Check(
        "lease",
        "{count} URLs are leased by a run that has ended",
        "the next run takes them back",
        """SELECT site, key FROM urls WHERE state = 'leased' AND NOT EXISTS (
            SELECT 1 FROM runs WHERE runs.run_id = urls.run_id AND ended_at IS NULL)""",
    ),
    Check(
        "stored",
        "{count} stored URLs hold no article that the ledger knows",
        LEDGER,
        """SELECT site, key FROM urls WHERE state = 'committed' AND key NOT IN (SELECT key FROM temp.holders)
            AND NOT EXISTS (SELECT 1 FROM forgotten WHERE dataset = 'copies' AND id = article_id)""",
    ),
    Check(
        "ended",
        "{count} URLs ended without a page though their article is stored",
        LEDGER,
        """SELECT site, key FROM urls WHERE article_id NOT NULL
            AND state IN ('pending', 'rejected', 'failed', 'gone', 'forbidden')""",
    ),
    Check(
        "orphan",
        "{count} article versions belong to no URL",
        LEDGER,
        """SELECT '(no site)', article_id FROM article_versions AS v WHERE key NOT NULL AND NOT EXISTS (
            SELECT 1 FROM urls WHERE urls.key = v.key AND urls.article_id NOT NULL)""",
    ),
    Check(
        "staged",
        "{count} staged URLs have no row, or several, in the spool",
        LEDGER,
        """SELECT site, key FROM urls WHERE state = 'staged' AND 1 <> (
            SELECT count(*) FROM temp.deciding AS d WHERE d.url_key = urls.key)""",
    ),
    Check(
        "spooled",
        "{count} rows in the spool decide a URL that is not staged",
        LEDGER,
        """SELECT d.site, d.url_key FROM temp.deciding AS d LEFT JOIN urls ON urls.key = d.url_key
            WHERE state IS NOT 'staged'""",
    ),
    Check(
        "file",
        "{count} published files are missing or cannot be read",
        "restore them from a copy, or move them away and run `scrapy verify --forget`",
        "SELECT '(no site)', path || ' ' || wrong FROM temp.row_files WHERE wrong NOT NULL",
    ),
    Check(
        "file rows",
        "{count} files have other numbers of rows than were published",
        FILES,
        """SELECT '(no site)', f.path || ' has ' || f.rows || ', not ' || files.rows
            FROM temp.row_files AS f JOIN files USING (path) WHERE f.rows <> files.rows""",
    ),
    Check(
        "article missing",
        "{count} article versions have no row in any file",
        FILES,
        """SELECT coalesce((SELECT site FROM urls WHERE key = v.key),
            (SELECT site FROM urls WHERE key = v.article), '(no site)'), id
            FROM temp.lost_articles JOIN article_versions AS v ON v.article_id = id""",
    ),
    Check(
        "article unknown",
        "{count} rows of articles are of no article that the ledger knows",
        LEDGER,
        """SELECT site, r.id || ' in ' || path FROM temp.row_ids AS r JOIN temp.row_files ON number = file
            WHERE dataset = 'articles' AND r.id NOT IN (SELECT id FROM temp.version_ids)""",
    ),
    Check(
        "row doubled",
        "{count} rows of articles or rejected are there more than once",
        _TOO_MANY,
        """SELECT site, id || ' in ' || group_concat(path, ' and ')
            FROM temp.row_ids JOIN temp.row_files ON number = file WHERE dataset <> 'removed_blocks'
            GROUP BY dataset, id, mark, site HAVING count(*) > 1""",
    ),
    Check(
        "rejected missing",
        "{count} rejected URLs have no row in any file",
        FILES,
        "SELECT site, key FROM urls WHERE key IN (SELECT id FROM temp.lost_rejected)",
    ),
    Check(
        "rejected unknown",
        "{count} rows of rejected are of no URL that the ledger knows",
        LEDGER,
        """SELECT r.site, r.id || ' in ' || path FROM temp.row_ids AS r JOIN temp.row_files ON number = file
            WHERE dataset = 'rejected' AND r.id NOT IN (SELECT key FROM urls)""",
    ),
    Check(
        "block unknown",
        "{count} removed blocks are of no article that the ledger knows",
        LEDGER,
        """SELECT site, r.id || ' in ' || path FROM temp.row_ids AS r JOIN temp.row_files ON number = file
            WHERE dataset = 'removed_blocks' AND r.id NOT IN (SELECT id FROM temp.version_ids)""",
    ),
    Check(
        "blocks",
        "{count} articles have more or fewer removed blocks than their row states",
        FILES,
        """SELECT DISTINCT site, id FROM temp.row_ids
            WHERE dataset = 'articles' AND id IN (SELECT id FROM temp.lost_removed_blocks)""",
    ),
)
