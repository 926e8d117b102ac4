-- Create the schema and its list of applied migrations. A rerun changes nothing.
DO $$
BEGIN
    IF to_regclass('call_sentiment.schema_migrations') IS NULL THEN
        CREATE SCHEMA IF NOT EXISTS call_sentiment;
        CREATE TABLE call_sentiment.schema_migrations (
            version integer PRIMARY KEY,
            name text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        COMMENT ON SCHEMA call_sentiment IS 'Sentiment of recorded calls. Start with the view call_overview.';
        COMMENT ON TABLE call_sentiment.schema_migrations IS 'Which migrations this database has had.';
    END IF;
END
$$
