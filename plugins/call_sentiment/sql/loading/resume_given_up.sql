-- Mark a given-up transcript whose job has ended as submitted again, unless its call has another transcript by now.
-- A rerun changes nothing.
UPDATE call_sentiment.transcripts AS t
SET state = 'submitted', failed_in = NULL, retryable = NULL, error = NULL, given_up_at = NULL
WHERE t.transcript_id = %(transcript_id)s
  AND t.given_up_at IS NOT NULL
  AND NOT EXISTS (
      SELECT
      FROM call_sentiment.transcripts AS o
      WHERE o.call_id = t.call_id
        AND (o.state IN ('intent', 'submitted', 'loaded')
             OR (o.state <> 'failed' AND o.config_sha256 = t.config_sha256 AND o.recording_number = t.recording_number))
  )
RETURNING t.transcript_id
