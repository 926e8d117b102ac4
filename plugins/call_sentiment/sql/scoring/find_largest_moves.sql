-- The transcripts whose headline differs most between two versions of the formulas. Reads only.
SELECT t.call_id, t.transcript_id, o.sentiment_score AS old_score, n.sentiment_score AS new_score
FROM call_sentiment.call_scores AS o
JOIN call_sentiment.call_scores AS n ON n.transcript_id = o.transcript_id
JOIN call_sentiment.transcripts AS t ON t.transcript_id = o.transcript_id
WHERE o.formula_version = %(old)s
  AND n.formula_version = %(new)s
  -- What differs less is the order in which a computer added.
  AND abs(n.sentiment_score - o.sentiment_score) > 1e-9
ORDER BY abs(n.sentiment_score - o.sentiment_score) DESC, t.transcript_id
LIMIT %(limit)s
