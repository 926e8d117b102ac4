-- Store a backfill, or the settings with which it goes on. A rerun changes nothing.
INSERT INTO call_sentiment.backfills AS b (name, settings)
VALUES (%(name)s, %(settings)s)
ON CONFLICT (name) DO UPDATE SET settings = excluded.settings
WHERE b.settings IS DISTINCT FROM excluded.settings
