-- Lock the transcripts that are loaded and not scored: those of the given calls, or all. The locks end with the
-- transaction, so that two processes cannot score the same transcript. A rerun gives the transcripts that are left.
SELECT transcript_id
FROM call_sentiment.transcripts
WHERE state = 'loaded'
  AND (%(call_ids)s::text[] IS NULL OR call_id = ANY (%(call_ids)s::text[]))
ORDER BY transcript_id
FOR UPDATE
