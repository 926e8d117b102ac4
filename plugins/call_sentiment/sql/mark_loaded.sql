-- Note that a transcript is stored, and what its answer says besides sentences. Follows lock_transcript_to_load.
UPDATE call_sentiment.transcripts
SET state = 'loaded', loaded_at = now(), error = NULL, status = %(status)s, language_code = %(language_code)s,
    speech_model_used = %(speech_model_used)s, audio_duration_s = %(audio_duration_s)s, answer = %(answer)s
WHERE transcript_id = %(transcript_id)s
