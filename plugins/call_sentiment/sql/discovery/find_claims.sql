-- The runs that have claimed something to submit. Reads only.
SELECT DISTINCT t.claimed_by
FROM call_sentiment.transcripts AS t
WHERE t.state = 'intent'
  AND t.claimed_by IS NOT NULL
