-- From version 3 to 4: every site has its number of URLs.
CREATE TABLE sites (site TEXT PRIMARY KEY, discovered INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO sites SELECT site, count(*) FROM urls GROUP BY site;
