-- Mark a transcript that was not submitted as failed or duplicate, and cut what may be secret from the recording's
-- address. Where the file could not be read, its version is deleted, so that discovery reads it again. A rerun
-- changes nothing; no row is returned where it was submitted meanwhile.
WITH ended AS (
    UPDATE call_sentiment.transcripts
    SET state = %(state)s,
        error = %(error)s,
        duplicate_of = %(duplicate_of)s,
        content_sha256 = coalesce(%(content_sha256)s, content_sha256),
        retryable = CASE WHEN %(state)s = 'failed' THEN false END,
        failed_in = CASE WHEN %(state)s = 'failed' THEN 'submit' END
    WHERE transcript_id = %(transcript_id)s
      AND (state = 'intent' OR (state = %(state)s AND assemblyai_id IS NULL))
    RETURNING transcript_id, call_id
),
cut AS (
    UPDATE call_sentiment.calls AS c
    SET recording = %(address)s, query_removed = true
    FROM ended AS e
    WHERE c.call_id = e.call_id AND c.recording <> %(address)s
),
unread AS (
    UPDATE call_sentiment.calls AS c
    SET recording_version = NULL
    FROM ended AS e
    WHERE c.call_id = e.call_id AND %(unreadable)s AND c.recording = %(address)s
)
SELECT transcript_id FROM ended
