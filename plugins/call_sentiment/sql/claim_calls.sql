-- Write the intent to transcribe for those of the given calls that need it: no live transcript (or, if they are to
-- be transcribed again, none with these options) and nothing under way; a failure with the same options is
-- repeated only where that may help. The unique indexes make a rerun, or another process, add nothing.
INSERT INTO call_sentiment.transcripts (call_id, config_sha256, options, attempt, state)
SELECT w.call_id, w.config_sha256, w.options, coalesce(past.attempt, 0) + 1, 'intent'
FROM (
    SELECT c.call_id, o.options, encode(sha256(convert_to(o.options::text, 'UTF8')), 'hex') AS config_sha256
    FROM call_sentiment.calls AS c
    CROSS JOIN LATERAL (
        SELECT CASE WHEN c.channels IS NULL THEN '{}' ELSE '{"multichannel": true}' END::jsonb
            || CASE
                WHEN c.language_code IS NULL THEN %(options)s::jsonb
                ELSE (%(options)s::jsonb - 'language_detection')
                     || jsonb_build_object('language_code', c.language_code)
            END AS options
    ) AS o
    WHERE c.call_id = ANY (%(call_ids)s::text[])
) AS w
CROSS JOIN LATERAL (
    SELECT
        coalesce(bool_or(t.state IN ('intent', 'submitted', 'loaded')), false) AS under_way,
        coalesce(bool_or(t.state <> 'failed'), false) AS live,
        coalesce(bool_or(t.state <> 'failed' AND t.config_sha256 = w.config_sha256), false) AS live_so,
        max(t.attempt) FILTER (WHERE t.config_sha256 = w.config_sha256) AS attempt,
        (array_agg(t.retryable ORDER BY t.transcript_id DESC)
            FILTER (WHERE t.config_sha256 = w.config_sha256))[1] AS retryable
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
