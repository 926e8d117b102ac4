-- Mark the sentences of these transcripts as deleted: they keep their scores. A rerun changes nothing.
UPDATE call_sentiment.transcripts
SET sentences_deleted = true
WHERE transcript_id = ANY (%(transcript_ids)s::bigint[])
  AND NOT sentences_deleted
