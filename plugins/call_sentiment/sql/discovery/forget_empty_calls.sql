-- Delete calls that had nothing but a refusal that was withdrawn. A rerun finds none left.
DELETE FROM call_sentiment.calls AS c
WHERE c.call_id = ANY (%(call_ids)s::text[])
  AND NOT EXISTS (SELECT FROM call_sentiment.transcripts AS t WHERE t.call_id = c.call_id)
