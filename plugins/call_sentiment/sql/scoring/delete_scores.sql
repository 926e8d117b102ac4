-- Delete the scores of the given transcripts by one version of the formulas, before they are scored again.
-- Run it in the transaction that scores them, so that no reader misses them. A rerun deletes the same rows.
WITH speakers AS (
    DELETE FROM call_sentiment.speaker_scores
    WHERE transcript_id = ANY (%(transcript_ids)s::bigint[]) AND formula_version = %(formula_version)s
)
DELETE FROM call_sentiment.call_scores
WHERE transcript_id = ANY (%(transcript_ids)s::bigint[]) AND formula_version = %(formula_version)s
