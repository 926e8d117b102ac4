-- Note AssemblyAI's id and drop what may be secret in the recording's address. Repeating it changes nothing;
-- no row comes back where the submission has another id or is not to be submitted.
WITH submitted AS (
    UPDATE call_sentiment.transcripts
    SET state = 'submitted', assemblyai_id = %(assemblyai_id)s, submitted_at = %(submitted_at)s, error = NULL
    WHERE transcript_id = %(transcript_id)s
      AND (state = 'intent' OR (state = 'submitted' AND assemblyai_id = %(assemblyai_id)s))
    RETURNING transcript_id, call_id
),
cut AS (
    UPDATE call_sentiment.calls AS c
    SET recording = %(address)s, query_removed = true
    FROM submitted AS s
    WHERE c.call_id = s.call_id AND c.recording <> %(address)s
)
SELECT transcript_id FROM submitted
