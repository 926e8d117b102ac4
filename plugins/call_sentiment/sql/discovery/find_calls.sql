-- Calls by their ids, or by the bytes of a recording that has a transcript, with all that recordings are compared
-- by. A call that has only refusals is left out. Reads only.
SELECT c.call_id, c.recording, c.recording_version, c.recording_number, c.recording_replaced,
       past.live, past.paid, past.is_open, past.contents, c.channels, c.language_code
FROM call_sentiment.calls AS c
CROSS JOIN LATERAL (
    SELECT
        bool_or(t.state <> 'failed') AS live,
        bool_or(t.state IN ('submitted', 'loaded', 'scored', 'duplicate')) AS paid,
        bool_or(t.state IN ('intent', 'submitted', 'loaded')) AS is_open,
        -- Of the same bytes twice, the transcript that is no duplicate comes last, and so counts.
        coalesce(
            jsonb_object_agg(
                t.content_sha256, t.recording_number ORDER BY t.state = 'duplicate' DESC, t.recording_number DESC
            ) FILTER (WHERE t.content_sha256 IS NOT NULL),
            '{}'
        ) AS contents
    FROM call_sentiment.transcripts AS t
    WHERE t.call_id = c.call_id
      AND t.failed_in IS DISTINCT FROM 'discover'
    HAVING count(*) > 0
) AS past
WHERE c.call_id IN (
    SELECT unnest(%(call_ids)s::text[])
    UNION
    SELECT t.call_id
    FROM call_sentiment.transcripts AS t
    WHERE t.content_sha256 = %(content_sha256)s
      AND t.state NOT IN ('failed', 'duplicate')
)
