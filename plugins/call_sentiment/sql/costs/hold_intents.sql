-- Note that intents wait for a budget, since when and why. A rerun with the same reasons changes nothing.
UPDATE call_sentiment.transcripts AS t
SET held_at = coalesce(t.held_at, now()), error = h.reason
FROM jsonb_to_recordset(%(held)s::jsonb) AS h (transcript_id bigint, reason text)
WHERE t.transcript_id = h.transcript_id
  AND t.state = 'intent'
  AND t.reserved_at IS NULL
  AND (t.held_at IS NULL OR t.error IS DISTINCT FROM h.reason)
