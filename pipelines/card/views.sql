-- Views of this dataset for DuckDB. {{mark}}
--
--     $ duckdb -init views.sql
--     >>> duckdb.execute(open("views.sql").read()); duckdb.sql("FROM articles_latest").show()
--
-- The data is found from any folder. Where it was moved or copied, say where it is now:
--
--     SET VARIABLE khabar_output = '/where/it/is/now';
{{sources}}
CREATE OR REPLACE VIEW articles AS
{{articles}};

CREATE OR REPLACE VIEW rejected AS
{{rejected}};

CREATE OR REPLACE VIEW removed_blocks AS
{{removed_blocks}};

CREATE OR REPLACE VIEW articles_latest AS
SELECT * FROM articles
WHERE id IN (SELECT arg_max(id, version) FROM articles GROUP BY url_canonical);

CREATE OR REPLACE VIEW articles_unique AS
SELECT * FROM articles_latest WHERE duplicate_of IS NULL;

CREATE OR REPLACE VIEW as_fineweb2 AS
WITH
    codes AS (SELECT unnest(map_entries({{codes}})) AS pair),
    clusters AS (
        SELECT cluster_id, count(*) AS size FROM articles_latest WHERE cluster_id IS NOT NULL GROUP BY cluster_id
    ),
    told AS (
        SELECT articles_unique.*, coalesce(pair.value, language) AS code, coalesce(size, 1) AS cluster_size
        FROM articles_unique
        LEFT JOIN codes ON pair.key = language
        LEFT JOIN clusters USING (cluster_id)
    )
SELECT
    text,
    id,
    run_id AS dump,
    url,
    strftime(make_timestamp(epoch_us(fetched_at)), '%Y-%m-%dT%H:%M:%SZ') AS date,
    warc_file AS file_path,
    code AS language,
    CAST(language_score AS DOUBLE) AS language_score,
    language_script,
    cluster_size AS minhash_cluster_size,
    CASE
        WHEN language_score IS NULL OR language_script IS NULL THEN '{}'
        ELSE format('{{"{}_{}_score": {}}}', code, language_script, language_score)
    END AS top_langs
FROM told;

CREATE OR REPLACE VIEW as_cc_news AS
SELECT
    coalesce(title, '') AS title,
    text,
    regexp_extract(url, '^[a-z]+://(?:[^/?#]*@)?([^/:?#]*)', 1) AS domain,
    coalesce(
        strftime(make_timestamp(epoch_us(published_at)), '%Y-%m-%d %H:%M:%S'),
        strftime(published_date, '%Y-%m-%d 00:00:00'),
        ''
    ) AS date,
    coalesce(description, '') AS description,
    url,
    coalesce(image_url, '') AS image_url
FROM articles_latest;

COMMENT ON VIEW articles IS 'every version of every article';
COMMENT ON VIEW rejected IS 'pages that were turned away, with the reason';
COMMENT ON VIEW removed_blocks IS 'what was cut from the pages of articles, with the rule that cut it';
COMMENT ON VIEW articles_latest IS 'the last version of each article';
COMMENT ON VIEW articles_unique IS 'the last version of each article, near-duplicates once';
COMMENT ON VIEW as_fineweb2 IS
    'articles_unique with the columns of FineWeb2: date and dump are those of the fetching, language is ISO 639-3';
COMMENT ON VIEW as_cc_news IS
    'articles_latest with the columns of cc_news: what is not known is an empty text, date is of publication, UTC';
