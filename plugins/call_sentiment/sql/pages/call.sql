-- A call: its row of call_overview, and what else is known of its recording and of the transcript that speaks for it.
-- Reads only.
SELECT
    o.*,
    c.recording_version,
    c.recording_replaced,
    c.query_removed,
    c.recording_number,
    t.state,
    t.attempt,
    t.duplicate_of,
    t.failed_in,
    t.retryable,
    t.given_up_at,
    t.error,
    t.sentences_deleted,
    t.formula_version
FROM call_sentiment.call_overview AS o
JOIN call_sentiment.calls AS c ON c.call_id = o.call_id
JOIN call_sentiment.transcripts AS t ON t.transcript_id = o.transcript_id
WHERE o.call_id = %(call_id)s
