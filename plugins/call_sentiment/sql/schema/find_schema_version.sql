-- The newest migration applied; 0 for none. Reads only.
SELECT coalesce(max(version), 0) AS version FROM call_sentiment.schema_migrations
