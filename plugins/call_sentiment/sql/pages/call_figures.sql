-- The figures of a whole call by the version of the formulas that is shown. Reads only.
SELECT *
FROM call_sentiment.call_scores
WHERE transcript_id = %(transcript_id)s
  AND formula_version = %(formula_version)s
