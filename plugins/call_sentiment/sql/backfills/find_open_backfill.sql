-- The oldest backfill that has open transcripts. Reads only.
SELECT b.name, b.settings
FROM call_sentiment.backfills AS b
WHERE EXISTS (
    SELECT
    FROM call_sentiment.transcripts AS t
    WHERE t.state IN ('intent', 'submitted', 'loaded')
      AND coalesce(t.backfill, '') = b.name
)
ORDER BY b.started_at, b.name
LIMIT 1
