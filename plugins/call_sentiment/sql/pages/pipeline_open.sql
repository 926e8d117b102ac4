-- The open transcripts by state, and since when the oldest of each is. Reads only, by index.
SELECT t.state, count(*) AS transcripts, min(coalesce(t.submitted_at, t.created_at)) AS oldest
FROM call_sentiment.transcripts AS t
WHERE t.state IN ('intent', 'submitted', 'loaded')
GROUP BY t.state
