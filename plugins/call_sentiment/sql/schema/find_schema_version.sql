-- The number of the newest applied migration; 0 without any. Reads only.
SELECT coalesce(max(version), 0) AS version FROM call_sentiment.schema_migrations
