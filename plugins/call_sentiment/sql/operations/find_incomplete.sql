-- Whether one of these calls has a transcript of which is not known when its job ended, although it has. Reads only.
SELECT 1 AS found
FROM call_sentiment.transcripts AS t
WHERE t.call_id = ANY (%(call_ids)s::text[])
  AND t.state IN ('loaded', 'scored')
  AND t.completed_at IS NULL
  -- AssemblyAI's newest page goes no further back.
  AND t.loaded_at > now() - interval '1 hour'
LIMIT 1
