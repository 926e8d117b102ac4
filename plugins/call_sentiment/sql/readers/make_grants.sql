-- The statements that give the readers of this database exactly what they may read, in the order to run them. Reads only.
-- A new table or column is granted. One with words of a call belongs in the list of words.
WITH words (relation, name) AS (
    VALUES ('sentences', 'text'), ('sentences', 'raw'),
           ('transcripts', 'answer'),
           ('call_listing', 'words'),
           -- A reviewer may quote what was said.
           ('label_reviews', 'reason'), ('current_reviews', 'reason'),
           -- Leads to the sound: until the call is submitted, the address may hold the signature that opens it.
           ('calls', 'recording'), ('call_overview', 'recording')
), relations AS (
    SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE w.name IS NULL) AS names,
           bool_or(w.name IS NOT NULL) AS has_words
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN words AS w ON w.relation = c.relname AND w.name = a.attname
    WHERE c.relnamespace = 'call_sentiment'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
    GROUP BY c.relname
), roles AS (
    SELECT rolname, rolname = %(words_reader)s AS may_read_words
    FROM pg_roles
    WHERE rolname IN (%(reader)s, %(words_reader)s) AND has_schema_privilege(rolname, 'call_sentiment', 'USAGE')
)
SELECT format('REVOKE ALL ON ALL TABLES IN SCHEMA call_sentiment FROM %%I', rolname) AS statement, 1 AS step
FROM roles
UNION ALL
SELECT CASE WHEN may_read_words OR NOT has_words
            THEN format('GRANT SELECT ON call_sentiment.%%I TO %%I', relname, rolname)
            ELSE format('GRANT SELECT (%%s) ON call_sentiment.%%I TO %%I', names, relname, rolname)
       END, 2
FROM roles CROSS JOIN relations
ORDER BY step
