-- Mark the given transcripts as scored, with the version of the formulas and the resulting status. A rerun changes
-- only the time.
UPDATE call_sentiment.transcripts AS t
SET state = 'scored',
    status = s.status,
    scored_at = s.scored_at,
    formula_version = s.formula_version,
    sentences_deleted = false
FROM call_sentiment.call_scores AS s
WHERE t.transcript_id = ANY (%(transcript_ids)s::bigint[])
  -- Written for both tables: without it, the planner reads all scores.
  AND s.transcript_id = ANY (%(transcript_ids)s::bigint[])
  AND s.transcript_id = t.transcript_id
  AND s.formula_version = %(formula_version)s
