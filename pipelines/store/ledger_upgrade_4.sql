-- From version 3 to 4: every site has its number of URLs, every sitemap its index.
CREATE TABLE sites (site TEXT PRIMARY KEY, discovered INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO sites SELECT site, count(*) FROM urls GROUP BY site;
-- Those of versions 1 and 2 have no places yet.
CREATE TABLE IF NOT EXISTS places (
    url TEXT PRIMARY KEY, site TEXT NOT NULL, kind TEXT NOT NULL, etag TEXT, last_modified TEXT, changed TEXT,
    asked_at TEXT, unchanged INTEGER NOT NULL DEFAULT 0, rest_until TEXT, missing INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
ALTER TABLE places ADD COLUMN named_by TEXT;
-- A copy at another address was noted under the id its row would have had, not under the stored one's.
CREATE TABLE forgotten (dataset TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (dataset, id)) WITHOUT ROWID;
INSERT OR IGNORE INTO forgotten SELECT 'copies', article_id FROM urls
    WHERE article_id NOT NULL AND article_id NOT IN (SELECT article_id FROM article_versions);
