-- Mark a submitted transcript as failed. A rerun changes nothing, nor does it where the transcript was loaded.
UPDATE call_sentiment.transcripts
SET state = 'failed', failed_in = 'load', error = %(error)s, retryable = %(retryable)s
WHERE transcript_id = %(transcript_id)s AND state = 'submitted'
