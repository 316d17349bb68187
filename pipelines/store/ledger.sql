-- The ledger: what is known of every URL, and what is spooled but not yet published.
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, spider TEXT NOT NULL, started_at TEXT NOT NULL,
    ended_at TEXT, outcome TEXT
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS urls (
    key TEXT PRIMARY KEY,            -- what all addresses of the article have in common, see pipelines/urls
    url TEXT NOT NULL,               -- as discovered
    site TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    discovered_via TEXT NOT NULL,
    discovered_at TEXT NOT NULL,
    hint TEXT,                       -- publication date a feed or sitemap gave, for the order
    witness TEXT,                    -- JSON: title, published, authors a feed gave
    seen_run TEXT,                   -- last run that found it listed
    run_id TEXT,                     -- run that holds the lease or decided the end
    attempts INTEGER NOT NULL DEFAULT 0,
    fetch TEXT,                      -- JSON: what a page needs beside its bytes
    warc_file TEXT, warc_offset INTEGER,
    article_id TEXT,                 -- the article it holds, once one is stored
    place TEXT,                      -- last place that listed it
    etag TEXT, last_modified TEXT,   -- of its last answer, for the next question
    first_at TEXT, checked_at TEXT,  -- first and last answer that held the article
    due_at TEXT,                     -- when to look again; null: never
    gone_at TEXT                     -- when a stored article was found gone
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS urls_by_state ON urls (state, site);
-- In the order in which they are leased: a long queue is not sorted for each lease.
CREATE INDEX IF NOT EXISTS urls_to_fetch ON urls (site, hint IS NULL, hint DESC, discovered_at, key)
    WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS urls_to_retry ON urls (attempts) WHERE state = 'failed';
CREATE INDEX IF NOT EXISTS urls_by_due ON urls (site, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS urls_by_run ON urls (seen_run, place) WHERE seen_run IS NOT NULL;

CREATE TABLE IF NOT EXISTS listings (  -- when a place listed URLs last: those that it lists were seen then
    place TEXT PRIMARY KEY, run_id TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS sites (   -- counted when URLs are added, so that the balance has two witnesses
    site TEXT PRIMARY KEY, discovered INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS article_versions (
    article TEXT NOT NULL, version INTEGER NOT NULL,  -- key of its canonical URL, and 1 to n
    article_id TEXT NOT NULL, text_hash TEXT NOT NULL,
    title TEXT,                      -- letters of the headline; null for rows of an earlier version
    copy TEXT,                       -- site, host, text and headline as one hash: the same under another address
    key TEXT,                        -- the URL whose page it is
    warc_file TEXT, warc_offset INTEGER,
    PRIMARY KEY (article, version)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS versions_by_copy ON article_versions (copy) WHERE copy IS NOT NULL;

CREATE TABLE IF NOT EXISTS places (  -- where links are found: front pages, feeds, sitemaps, sections
    url TEXT PRIMARY KEY, site TEXT NOT NULL, kind TEXT NOT NULL,
    etag TEXT, last_modified TEXT,   -- of its last answer
    changed TEXT,                    -- time of the last change that an index stated when it was last read
    asked_at TEXT,
    unchanged INTEGER NOT NULL DEFAULT 0,  -- answers in a row that brought nothing new
    rest_until TEXT,                 -- it is not asked before
    missing INTEGER NOT NULL DEFAULT 0,  -- there was nothing at that address
    named_by TEXT                    -- the index that lists this sitemap: what this brings is its doing, too
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS places_by_site ON places (site, kind);

CREATE TABLE IF NOT EXISTS shapes (  -- what addresses of one shape turned out to be
    site TEXT NOT NULL, place INTEGER NOT NULL,  -- those seen last have the last places
    shape TEXT NOT NULL, articles INTEGER NOT NULL, others INTEGER NOT NULL,
    PRIMARY KEY (site, place)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS spool (
    seq INTEGER PRIMARY KEY, dataset TEXT NOT NULL, partition TEXT NOT NULL,
    site TEXT NOT NULL, sort_key TEXT NOT NULL,
    url_key TEXT, final_state TEXT,  -- set on the row that decides its URL's end
    row TEXT NOT NULL,
    file TEXT                        -- part file it was written to, until that is committed
);
CREATE INDEX IF NOT EXISTS spool_by_partition ON spool (dataset, partition, site, sort_key);

CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY,           -- below the output folder
    dataset TEXT NOT NULL, partition TEXT NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL, run_id TEXT NOT NULL,
    min_fetched_at TEXT NOT NULL, max_fetched_at TEXT NOT NULL,
    published INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS compactions (  -- begun and not finished
    dataset TEXT NOT NULL, partition TEXT NOT NULL,
    added TEXT NOT NULL,             -- JSON: rows of `files` that take the place of the removed ones
    removed TEXT NOT NULL,           -- JSON: their paths
    begun_at TEXT NOT NULL,
    PRIMARY KEY (dataset, partition)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS retired ( -- files that a compaction replaced, until readers let go of them
    path TEXT PRIMARY KEY, since TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS forgotten (  -- rows of files that are gone, and that somebody gave up
    dataset TEXT NOT NULL,
    id TEXT NOT NULL,                -- of the article, or key of the URL turned away
    PRIMARY KEY (dataset, id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS site_views (  -- what a site's last pages showed site memory
    site TEXT NOT NULL, page INTEGER NOT NULL,
    body TEXT NOT NULL, headline TEXT,   -- paths of the page's body and headline
    marks BLOB NOT NULL,                 -- its blocks, see pipelines/body/page_view.py
    quality REAL,                        -- extraction_score, where the blocks were judged
    stated INTEGER NOT NULL DEFAULT 0,   -- people and date are stated, whatever its lines say
    beside INTEGER NOT NULL DEFAULT 0,   -- characters of paragraphs outside the body
    PRIMARY KEY (site, page)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS near (    -- signatures of the articles of the last weeks: what is new is compared
    seq INTEGER PRIMARY KEY,
    article BLOB NOT NULL,           -- hash of the key of its canonical URL: versions are no duplicates
    at INTEGER NOT NULL,             -- when it was fetched; seconds since 1970, like `began`
    cluster_id TEXT NOT NULL,
    began INTEGER NOT NULL,          -- when the first of its cluster was fetched,
    first BLOB NOT NULL,             -- and which article that is; empty: nobody knows any more
    noted INTEGER NOT NULL,          -- when the run began that noted it: archives hold old articles
    signature BLOB NOT NULL          -- pipelines/similarity/near.py
);
CREATE INDEX IF NOT EXISTS near_by_time ON near (noted);

CREATE TABLE IF NOT EXISTS near_keys (  -- what near signatures have in common
    key INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (key, seq)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS archives (   -- WARC files of others that were cleaned, and how far
    name TEXT PRIMARY KEY,           -- as rows have it in warc_file
    place TEXT NOT NULL,             -- absolute path, or s3://bucket/key
    mark TEXT NOT NULL,              -- changes when the file does
    size INTEGER NOT NULL,
    next INTEGER NOT NULL DEFAULT 0, -- all records before this offset are accounted for
    done_at TEXT                     -- when all were
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS archive_records (  -- what its records came to: "page", or why they are none
    name TEXT NOT NULL, outcome TEXT NOT NULL, records INTEGER NOT NULL,
    PRIMARY KEY (name, outcome)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS archive_later (  -- captures of a URL whose earlier capture is not published yet
    key TEXT NOT NULL, at TEXT NOT NULL, name TEXT NOT NULL, offset INTEGER NOT NULL,
    PRIMARY KEY (key, at, name, offset)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS raw_released (  -- WARC files of ours that were kept as long as was asked for
    name TEXT PRIMARY KEY, at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS site_runs (  -- what each run came to on each site
    site TEXT NOT NULL, started_at TEXT NOT NULL, run_id TEXT NOT NULL, spider TEXT NOT NULL,
    figures TEXT NOT NULL,           -- JSON: pipelines/health/figures.py
    PRIMARY KEY (site, started_at, run_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS site_runs_by_run ON site_runs (run_id);

CREATE TABLE IF NOT EXISTS alarms (  -- sites that were not what they had been
    site TEXT NOT NULL, raised_at TEXT NOT NULL,
    run_id TEXT NOT NULL, last_run_id TEXT NOT NULL,  -- that raised it, and that saw it last
    signs TEXT NOT NULL, cases TEXT NOT NULL,  -- JSON: pipelines/health/alarms.py
    ended_at TEXT, ending TEXT,
    PRIMARY KEY (site, raised_at)
) WITHOUT ROWID;
