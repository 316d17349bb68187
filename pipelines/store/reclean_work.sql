-- What cleaning stored pages again came to, page by page: a rerun goes on from here. Made anew at will.
CREATE TABLE IF NOT EXISTS outcomes (
    kind TEXT NOT NULL,              -- article: a stored one; rejected: a page turned away
    id TEXT NOT NULL,                -- of the article's last version, or key of the URL
    stamp TEXT NOT NULL,             -- of all that the outcome depends on beside the page
    job TEXT NOT NULL,               -- call of the command that looked last
    status TEXT NOT NULL, detail TEXT,
    site TEXT NOT NULL, language TEXT, url TEXT NOT NULL, warc_file TEXT,
    letters INTEGER NOT NULL DEFAULT 0,   -- of the stored text
    letters_lost INTEGER NOT NULL DEFAULT 0, letters_gained INTEGER NOT NULL DEFAULT 0,
    paragraphs_lost INTEGER NOT NULL DEFAULT 0, paragraphs_gained INTEGER NOT NULL DEFAULT 0,
    text INTEGER NOT NULL DEFAULT 0, title INTEGER NOT NULL DEFAULT 0,
    date INTEGER NOT NULL DEFAULT 0, other INTEGER NOT NULL DEFAULT 0,
    diff TEXT,                       -- JSON: row of the diff
    row TEXT, removed TEXT,          -- JSON: the new row, and the blocks that were cut
    PRIMARY KEY (kind, id)
);
CREATE INDEX IF NOT EXISTS outcomes_by_job ON outcomes (job, status, site, url);
PRAGMA user_version = 1;
