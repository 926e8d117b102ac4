-- How many calls of some days (UTC) a sample can be drawn of, and how many are drawn already. Reads only.
SELECT count(*) AS calls, count(d.transcript_id) AS drawn
FROM call_sentiment.calls AS c
JOIN call_sentiment.current_transcripts AS t ON t.call_id = c.call_id
LEFT JOIN call_sentiment.review_draws AS d ON d.transcript_id = t.transcript_id
WHERE (COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date BETWEEN %(first)s AND %(last)s
  AND t.state = 'scored'
  AND t.status = 'ok'
