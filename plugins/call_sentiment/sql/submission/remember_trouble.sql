-- Note why a transcript could not be submitted this time; it stays an intent. A rerun keeps the last reason.
UPDATE call_sentiment.transcripts
SET error = %(error)s
WHERE transcript_id = %(transcript_id)s
  AND state = 'intent'
RETURNING transcript_id
