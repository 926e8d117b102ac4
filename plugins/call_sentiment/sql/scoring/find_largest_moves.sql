-- The transcripts whose sentiment_score differs most between two versions of the formulas. Reads only.
SELECT t.call_id, t.transcript_id, old.sentiment_score AS old_score, new.sentiment_score AS new_score
FROM call_sentiment.call_scores AS old
JOIN call_sentiment.call_scores AS new ON new.transcript_id = old.transcript_id
JOIN call_sentiment.transcripts AS t ON t.transcript_id = old.transcript_id
WHERE old.formula_version = %(old)s
  AND new.formula_version = %(new)s
  -- A smaller difference comes from the order of a sum.
  AND abs(new.sentiment_score - old.sentiment_score) > 1e-9
ORDER BY abs(new.sentiment_score - old.sentiment_score) DESC, t.transcript_id
LIMIT %(limit)s
