-- Write the intent to transcribe for those of the given orders that need it: the call's present recording has no
-- live transcript (or, if it is to be transcribed again, none with these options), and no transcript of the call is
-- open. A failure with the same options is repeated only where a retry may help. The unique indexes make a rerun, or
-- another process, add nothing.
INSERT INTO call_sentiment.transcripts (call_id, config_sha256, options, attempt, state, recording_number, backfill)
SELECT wanted.call_id, wanted.config_sha256, wanted.options, coalesce(past.attempt, 0) + 1, 'intent',
       wanted.recording_number, %(backfill)s
FROM (
    SELECT o.call_id, o.options, c.recording_number,
           encode(sha256(convert_to(o.options::text, 'UTF8')), 'hex') AS config_sha256
    FROM jsonb_to_recordset(%(orders)s::jsonb) AS o (call_id text, options jsonb)
    JOIN call_sentiment.calls AS c ON c.call_id = o.call_id
) AS wanted
CROSS JOIN LATERAL (
    SELECT
        coalesce(bool_or(t.state IN ('intent', 'submitted', 'loaded')), false) AS is_open,
        coalesce(bool_or(t.state <> 'failed') FILTER (WHERE t.recording_number = wanted.recording_number), false)
            AS is_live,
        coalesce(
            bool_or(t.state <> 'failed' AND t.config_sha256 = wanted.config_sha256)
                FILTER (WHERE t.recording_number = wanted.recording_number),
            false
        ) AS is_live_with_options,
        max(t.attempt)
            FILTER (WHERE t.config_sha256 = wanted.config_sha256 AND t.recording_number = wanted.recording_number)
            AS attempt,
        (array_agg(t.retryable ORDER BY t.transcript_id DESC)
            FILTER (WHERE t.config_sha256 = wanted.config_sha256 AND t.recording_number = wanted.recording_number))[1]
            AS retryable
    FROM call_sentiment.transcripts AS t
    WHERE t.call_id = wanted.call_id
) AS past
WHERE NOT past.is_open
  AND NOT past.is_live_with_options
  AND (NOT past.is_live OR %(transcribe_again)s)
  AND (past.attempt IS NULL
       OR (past.retryable AND past.attempt < %(max_attempts)s)
       OR %(transcribe_again)s)
ORDER BY wanted.call_id
ON CONFLICT DO NOTHING
