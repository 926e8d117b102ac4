-- Which recording each of these call ids belongs to, where one has a transcript that was not refused outright.
-- Reads only.
SELECT c.call_id, c.recording
FROM call_sentiment.calls AS c
WHERE c.call_id = ANY (%(call_ids)s::text[])
  AND EXISTS (
      SELECT FROM call_sentiment.transcripts AS t
      WHERE t.call_id = c.call_id AND t.failed_in IS DISTINCT FROM 'discover'
  )
