-- From version 4 to 5: what a place listed last is told from what it ever listed; other indexes.
DROP INDEX IF EXISTS urls_by_state;
DROP INDEX IF EXISTS urls_by_place;
CREATE TABLE listings (place TEXT PRIMARY KEY, run_id TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO listings SELECT place, max(seen_run) FROM urls
    WHERE place NOT NULL AND seen_run NOT NULL GROUP BY place;
-- What a page's blocks became is remembered, too. Pages seen before tell none of it; versions 1 and 2 have none.
CREATE TABLE IF NOT EXISTS site_views (
    site TEXT NOT NULL, page INTEGER NOT NULL, body TEXT NOT NULL, headline TEXT, marks BLOB NOT NULL,
    PRIMARY KEY (site, page)
) WITHOUT ROWID;
ALTER TABLE site_views ADD COLUMN quality REAL;
ALTER TABLE site_views ADD COLUMN stated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site_views ADD COLUMN beside INTEGER NOT NULL DEFAULT 0;
