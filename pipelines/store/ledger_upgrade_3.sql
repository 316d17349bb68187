-- From versions 1 and 2 to 3: URLs are looked at again, versions know their page and headline.
ALTER TABLE urls ADD COLUMN place TEXT;
ALTER TABLE urls ADD COLUMN etag TEXT;
ALTER TABLE urls ADD COLUMN last_modified TEXT;
ALTER TABLE urls ADD COLUMN first_at TEXT;
ALTER TABLE urls ADD COLUMN checked_at TEXT;
ALTER TABLE urls ADD COLUMN due_at TEXT;
ALTER TABLE urls ADD COLUMN gone_at TEXT;
CREATE TABLE article_versions (
    article TEXT NOT NULL, version INTEGER NOT NULL,
    article_id TEXT NOT NULL, text_hash TEXT NOT NULL,
    title TEXT, copy TEXT, key TEXT, warc_file TEXT, warc_offset INTEGER,
    PRIMARY KEY (article, version)
) WITHOUT ROWID;
-- URLs and articles are known by another key; of two URLs that have the same one now, one is enough.
UPDATE OR IGNORE urls SET key = article_key(url);
UPDATE spool SET url_key = article_key(url_key);
INSERT INTO article_versions (article, version, article_id, text_hash)
    SELECT article_key(url_canonical),
        row_number() OVER (PARTITION BY article_key(url_canonical) ORDER BY version, url_canonical),
        article_id, text_hash FROM versions;
DROP TABLE versions;
-- Version 1 kept counts, which nothing can be learnt from that site memory needs.
DROP TABLE IF EXISTS site_pages;
DROP TABLE IF EXISTS site_blocks;
