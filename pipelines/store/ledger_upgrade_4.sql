-- From version 3 to 4: every site has its number of URLs.
CREATE TABLE sites (site TEXT PRIMARY KEY, discovered INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO sites SELECT site, count(*) FROM urls GROUP BY site;
-- A copy at another address was noted under the id its row would have had, not under the stored one's.
CREATE TABLE forgotten (dataset TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (dataset, id)) WITHOUT ROWID;
INSERT OR IGNORE INTO forgotten SELECT 'copies', article_id FROM urls
    WHERE article_id NOT NULL AND article_id NOT IN (SELECT article_id FROM article_versions);
