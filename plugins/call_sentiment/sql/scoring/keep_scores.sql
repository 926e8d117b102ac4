-- Note that the sentences of these transcripts are gone, so that they keep the scores they have. A rerun changes
-- nothing.
UPDATE call_sentiment.transcripts
SET sentences_deleted = true
WHERE transcript_id = ANY (%(transcript_ids)s::bigint[])
  AND NOT sentences_deleted
