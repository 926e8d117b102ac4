-- All transcripts of a call, the latest first. Reads only.
SELECT
    t.transcript_id,
    t.recording_number,
    t.attempt,
    t.state,
    t.status,
    t.assemblyai_id,
    t.speech_model_used,
    t.language_code,
    t.created_at,
    t.submitted_at,
    t.completed_at,
    t.loaded_at,
    t.scored_at,
    t.audio_duration_s / 60 AS minutes,
    t.duplicate_of,
    t.failed_in,
    t.error
FROM call_sentiment.transcripts AS t
WHERE t.call_id = %(call_id)s
ORDER BY t.transcript_id DESC
