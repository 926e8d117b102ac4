-- Delete earlier refusals of these sources whose reason is no longer the same; nothing was paid for them. A rerun
-- finds none left.
DELETE FROM call_sentiment.transcripts AS t
USING jsonb_to_recordset(%(sources)s::jsonb) AS s (call_id text, refusal text)
WHERE t.call_id = s.call_id
  AND t.failed_in = 'discover'
  AND t.error IS DISTINCT FROM s.refusal
