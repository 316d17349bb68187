-- Temporary tables beside a ledger that is being reconciled; "main" is the ledger, read in one transaction.
DROP TABLE IF EXISTS temp.row_files;
CREATE TEMP TABLE row_files (        -- files the rows below stand in; 0 is the spool
    number INTEGER PRIMARY KEY, path TEXT NOT NULL, rows INTEGER,
    wrong TEXT                       -- why it could not be read
);
DROP TABLE IF EXISTS temp.row_ids;
CREATE TEMP TABLE row_ids (
    dataset TEXT NOT NULL,
    id TEXT NOT NULL,                -- of the article, or key of the URL turned away
    mark TEXT,                       -- tells rows of one id apart where there may be several
    blocks INTEGER,                  -- rows of removed_blocks that an article states
    site TEXT NOT NULL, file INTEGER NOT NULL
);
DROP TABLE IF EXISTS temp.version_ids;
CREATE TEMP TABLE version_ids (id TEXT NOT NULL, article TEXT NOT NULL, owner TEXT);
INSERT INTO temp.version_ids
    SELECT article_id, article, max(key) OVER (PARTITION BY article) FROM main.article_versions;
CREATE INDEX temp.version_ids_by_id ON version_ids (id);
-- An article is asked for under one of its URLs; a ledger of an earlier version does not say which.
DROP TABLE IF EXISTS temp.holders;
CREATE TEMP TABLE holders AS
    SELECT key, coalesce(owner, min(key) OVER (PARTITION BY article)) = key AS stands
    FROM main.urls JOIN temp.version_ids ON id = article_id;
CREATE INDEX temp.holders_by_key ON holders (key);
-- Rows of the spool that decide what becomes of a URL.
DROP TABLE IF EXISTS temp.deciding;
CREATE TEMP TABLE deciding AS SELECT url_key, site FROM main.spool WHERE url_key NOT NULL;
CREATE INDEX temp.deciding_by_key ON deciding (url_key);
-- Ids that the ledger knows of and no row has.
DROP VIEW IF EXISTS temp.lost_articles;
CREATE TEMP VIEW lost_articles AS
    SELECT article_id AS id FROM main.article_versions
    EXCEPT SELECT id FROM temp.row_ids WHERE dataset = 'articles'
    EXCEPT SELECT id FROM main.forgotten WHERE dataset = 'articles';
-- A ledger of an earlier version may hold two keys of one address.
DROP VIEW IF EXISTS temp.lost_rejected;
CREATE TEMP VIEW lost_rejected AS
    SELECT key AS id FROM main.urls WHERE state = 'rejected' AND NOT EXISTS (
        SELECT 1 FROM temp.row_ids AS r WHERE r.dataset = 'rejected' AND r.id IN (key, row_key(url)))
    EXCEPT SELECT id FROM main.forgotten WHERE dataset = 'rejected';
-- Articles with more or fewer removed blocks than their row states.
DROP VIEW IF EXISTS temp.lost_removed_blocks;
CREATE TEMP VIEW lost_removed_blocks AS
    SELECT id FROM temp.row_ids AS a WHERE dataset = 'articles' AND blocks <> (
        SELECT count(*) FROM temp.row_ids AS b WHERE b.dataset = 'removed_blocks' AND b.id = a.id)
    EXCEPT SELECT id FROM main.forgotten WHERE dataset = 'removed_blocks'
