-- How many transcripts wait for a budget, by the reason, the most frequent first. Reads only, by index.
SELECT t.error AS reason, count(*) AS transcripts, min(t.held_at) AS since
FROM call_sentiment.transcripts AS t
WHERE t.held_at IS NOT NULL
  AND t.state = 'intent'
GROUP BY t.error
ORDER BY count(*) DESC, t.error
