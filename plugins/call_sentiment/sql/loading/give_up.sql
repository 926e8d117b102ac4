-- Give up a transcript whose job is in progress for too long; done again, note that it still is. A rerun changes the
-- time only; nothing changes where it was loaded meanwhile.
UPDATE call_sentiment.transcripts
SET state = 'failed', failed_in = 'load', retryable = false, error = %(error)s, given_up_at = now()
WHERE transcript_id = %(transcript_id)s
  AND (state = 'submitted' OR given_up_at IS NOT NULL)
