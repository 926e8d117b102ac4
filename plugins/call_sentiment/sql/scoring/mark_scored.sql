-- Note that the given transcripts are scored, by which version of the formulas, and what turned out to be in them.
-- Rerunning changes the time only.
UPDATE call_sentiment.transcripts AS t
SET state = 'scored',
    status = s.status,
    scored_at = s.scored_at,
    formula_version = s.formula_version,
    sentences_deleted = false
FROM call_sentiment.call_scores AS s
WHERE t.transcript_id = ANY (%(transcript_ids)s::bigint[])
  -- Said of both tables, or the planner reads all scores there are.
  AND s.transcript_id = ANY (%(transcript_ids)s::bigint[])
  AND s.transcript_id = t.transcript_id
  AND s.formula_version = %(formula_version)s
