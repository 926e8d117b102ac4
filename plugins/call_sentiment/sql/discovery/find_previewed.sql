-- The intents of daily traffic or of a backfill with all that their cost depends on, and which of them this
-- transaction has written. Reads only.
SELECT t.transcript_id, t.call_id, c.recording, t.options, c.measured_s, c.recording_version,
       c.measured_at IS NOT NULL AND c.measured_version IS NOT DISTINCT FROM c.recording_version AS is_measured,
       t.created_at = now() AS is_new
FROM call_sentiment.transcripts AS t
JOIN call_sentiment.calls AS c ON c.call_id = t.call_id
WHERE t.state = 'intent'
  AND coalesce(t.backfill, '') = %(backfill)s
ORDER BY t.transcript_id
