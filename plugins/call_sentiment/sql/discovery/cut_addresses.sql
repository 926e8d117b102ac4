-- Drop the query from the addresses of these calls unless they are about to be submitted. A rerun finds none left.
UPDATE call_sentiment.calls AS c
SET recording = a.address, query_removed = true
FROM jsonb_to_recordset(%(addresses)s::jsonb) AS a (call_id text, address text)
WHERE c.call_id = a.call_id
  AND c.recording <> a.address
  AND NOT EXISTS (
      SELECT FROM call_sentiment.transcripts AS t WHERE t.call_id = c.call_id AND t.state = 'intent'
  )
