-- Write a new intent for every call whose newest transcript failed with an error worth a retry, up to the limit of
-- attempts; not where the query of the address was cut: that address must be listed anew. A rerun finds the new
-- intent and adds nothing.
INSERT INTO call_sentiment.transcripts (call_id, config_sha256, options, attempt, state, recording_number, backfill)
SELECT f.call_id, f.config_sha256, f.options, f.attempt + 1, 'intent', f.recording_number, f.backfill
FROM call_sentiment.transcripts AS f
JOIN call_sentiment.calls AS c ON c.call_id = f.call_id
WHERE f.state = 'failed'
  AND f.retryable
  AND f.attempt < %(max_attempts)s
  AND NOT c.query_removed
  AND NOT EXISTS (
      SELECT FROM call_sentiment.transcripts AS n
      WHERE n.call_id = f.call_id
        AND n.transcript_id > f.transcript_id
  )
ORDER BY f.call_id
ON CONFLICT DO NOTHING
