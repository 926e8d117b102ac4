-- Write the intent to transcribe for those of the given orders that need it: the call's present recording has no live
-- transcript (or, if it is to be transcribed again, none with these options), and nothing of the call is under way; a
-- failure with the same options is repeated only where that may help. The unique indexes make a rerun, or another
-- process, add nothing.
INSERT INTO call_sentiment.transcripts (call_id, config_sha256, options, attempt, state, recording_number)
SELECT w.call_id, w.config_sha256, w.options, coalesce(past.attempt, 0) + 1, 'intent', w.recording_number
FROM (
    SELECT o.call_id, o.options, c.recording_number,
           encode(sha256(convert_to(o.options::text, 'UTF8')), 'hex') AS config_sha256
    FROM jsonb_to_recordset(%(orders)s::jsonb) AS o (call_id text, options jsonb)
    JOIN call_sentiment.calls AS c ON c.call_id = o.call_id
) AS w
CROSS JOIN LATERAL (
    SELECT
        coalesce(bool_or(t.state IN ('intent', 'submitted', 'loaded')), false) AS under_way,
        coalesce(bool_or(t.state <> 'failed') FILTER (WHERE t.recording_number = w.recording_number), false) AS live,
        coalesce(
            bool_or(t.state <> 'failed' AND t.config_sha256 = w.config_sha256)
                FILTER (WHERE t.recording_number = w.recording_number),
            false
        ) AS live_so,
        max(t.attempt) FILTER (WHERE t.config_sha256 = w.config_sha256 AND t.recording_number = w.recording_number)
            AS attempt,
        (array_agg(t.retryable ORDER BY t.transcript_id DESC)
            FILTER (WHERE t.config_sha256 = w.config_sha256 AND t.recording_number = w.recording_number))[1]
            AS retryable
    FROM call_sentiment.transcripts AS t
    WHERE t.call_id = w.call_id
) AS past
WHERE NOT past.under_way
  AND NOT past.live_so
  AND (NOT past.live OR %(transcribe_again)s)
  AND (past.attempt IS NULL
       OR (past.retryable AND past.attempt < %(max_attempts)s)
       OR %(transcribe_again)s)
ORDER BY w.call_id
ON CONFLICT DO NOTHING
