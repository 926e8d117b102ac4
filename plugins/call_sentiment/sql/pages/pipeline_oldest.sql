-- The open transcripts that have been so for longest, with what went wrong in their last try. Reads only.
SELECT t.call_id, t.state, coalesce(t.submitted_at, t.created_at) AS since, t.attempt, t.error
FROM call_sentiment.transcripts AS t
WHERE t.state IN ('intent', 'submitted', 'loaded')
ORDER BY coalesce(t.submitted_at, t.created_at), t.transcript_id
LIMIT 10
