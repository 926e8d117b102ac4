-- The transcripts loaded and not scored yet: of the given calls, or all of them. They are locked until the end
-- of the transaction, so that two processes cannot score the same one; a rerun finds only what is left.
SELECT transcript_id
FROM call_sentiment.transcripts
WHERE state = 'loaded'
  AND (%(call_ids)s::text[] IS NULL OR call_id = ANY (%(call_ids)s::text[]))
ORDER BY transcript_id
FOR UPDATE
