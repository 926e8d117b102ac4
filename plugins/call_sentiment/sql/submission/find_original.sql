-- The call with the same bytes and options that is live, or was submitted and failed for good: its outcome holds for
-- this one too. Reads only.
SELECT t.call_id
FROM call_sentiment.transcripts AS t
WHERE t.content_sha256 = %(content_sha256)s
  AND t.config_sha256 = %(config_sha256)s
  AND t.transcript_id <> %(transcript_id)s
  AND (t.state NOT IN ('failed', 'duplicate') OR (t.state = 'failed' AND NOT t.retryable))
ORDER BY t.state = 'failed', t.transcript_id
LIMIT 1
