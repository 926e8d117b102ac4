-- Note that a submitted transcript came to nothing. A rerun, or one that was loaded after all, changes nothing.
UPDATE call_sentiment.transcripts
SET state = 'failed', failed_in = 'load', error = %(error)s, retryable = %(retryable)s
WHERE transcript_id = %(transcript_id)s AND state = 'submitted'
