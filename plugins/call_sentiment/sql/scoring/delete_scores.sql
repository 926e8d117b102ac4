-- Make room for new scores of the given transcripts under one formula version; nothing else is touched.
-- Run in the transaction that scores them anew, so nobody sees a gap and a rerun finds the same rows.
WITH speakers AS (
    DELETE FROM call_sentiment.speaker_scores
    WHERE transcript_id = ANY (%(transcript_ids)s::bigint[]) AND formula_version = %(formula_version)s
)
DELETE FROM call_sentiment.call_scores
WHERE transcript_id = ANY (%(transcript_ids)s::bigint[]) AND formula_version = %(formula_version)s
