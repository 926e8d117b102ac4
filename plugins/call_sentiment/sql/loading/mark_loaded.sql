-- Mark a transcript as loaded and store its answer without the sentences, in the transaction that stores those.
-- Locks it until then. Changes and returns no row where another process was faster.
UPDATE call_sentiment.transcripts
SET state = 'loaded', loaded_at = now(), error = NULL, status = %(status)s, language_code = %(language_code)s,
    speech_model_used = %(speech_model_used)s, audio_duration_s = %(audio_duration_s)s, answer = %(answer)s,
    notices = %(notices)s::text[], content_status = %(content_status)s
WHERE transcript_id = %(transcript_id)s AND state = 'submitted'
RETURNING transcript_id
