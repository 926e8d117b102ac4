-- Note why a submission could not be made this time; it stays open. Repeating it keeps the last reason.
UPDATE call_sentiment.transcripts
SET error = %(error)s
WHERE transcript_id = %(transcript_id)s
  AND state = 'intent'
RETURNING transcript_id
