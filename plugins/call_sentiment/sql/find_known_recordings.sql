-- Recordings under a location that have a live transcript: nothing new to learn about them. Reads only.
SELECT c.recording
FROM call_sentiment.calls AS c
WHERE starts_with(c.recording, %(location)s)
  AND EXISTS (
      SELECT FROM call_sentiment.transcripts AS t WHERE t.call_id = c.call_id AND t.state <> 'failed'
  )
