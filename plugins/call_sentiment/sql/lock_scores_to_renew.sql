-- The next transcripts whose score under one formula version is absent, or older than a moment; locked until the
-- end of the transaction, in the order of their numbers. A rerun goes on with what is left. One whose sentences
-- were deleted is passed over: it would lose the figures it has.
SELECT t.transcript_id
FROM call_sentiment.transcripts AS t
WHERE t.transcript_id > %(after)s
  AND t.state = 'scored'
  AND (t.status <> 'ok'
       OR EXISTS (SELECT FROM call_sentiment.sentences AS s WHERE s.transcript_id = t.transcript_id))
  AND NOT EXISTS (
      SELECT
      FROM call_sentiment.call_scores AS s
      WHERE s.transcript_id = t.transcript_id
        AND s.formula_version = %(formula_version)s
        AND s.scored_at >= coalesce(%(before)s::timestamptz, '-infinity')
  )
ORDER BY t.transcript_id
LIMIT %(limit)s
FOR UPDATE OF t
