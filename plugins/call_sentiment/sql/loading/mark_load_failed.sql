-- Mark a submitted transcript as failed; with a length, its job was billed all the same. A rerun changes nothing, nor
-- does it where the transcript was loaded.
UPDATE call_sentiment.transcripts
SET state = 'failed', failed_in = 'load', error = %(error)s, retryable = %(retryable)s,
    audio_duration_s = %(audio_duration_s)s, speech_model_used = %(speech_model_used)s
WHERE transcript_id = %(transcript_id)s AND state = 'submitted'
