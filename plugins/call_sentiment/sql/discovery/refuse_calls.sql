-- Record the recordings that cannot be transcribed as they are, and return the new ones. A refusal that is recorded
-- already, or of a call that is live, adds nothing, so a rerun returns none.
WITH refused AS (
    SELECT r.call_id, r.recording, r.refusal
    FROM jsonb_to_recordset(%(refused)s::jsonb) AS r (call_id text, recording text, refusal text)
),
stored AS (
    INSERT INTO call_sentiment.calls (call_id, recording)
    SELECT DISTINCT ON (r.call_id) r.call_id, r.recording
    FROM refused AS r
    ORDER BY r.call_id
    ON CONFLICT (call_id) DO NOTHING
)
INSERT INTO call_sentiment.transcripts
    (call_id, config_sha256, options, attempt, state, error, retryable, failed_in)
SELECT DISTINCT ON (r.call_id) r.call_id, '', '{}', 1, 'failed', r.refusal, false, 'discover'
FROM refused AS r
WHERE NOT EXISTS (
    SELECT
    FROM call_sentiment.transcripts AS t
    WHERE t.call_id = r.call_id
      AND (t.state <> 'failed' OR (t.failed_in = 'discover' AND t.error = r.refusal))
)
ORDER BY r.call_id
RETURNING call_id
