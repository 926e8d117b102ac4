-- Every call that is under way, oldest first, those that gave trouble last so that they hold nobody up. Reads only.
SELECT t.call_id
FROM call_sentiment.transcripts AS t
WHERE t.state IN ('intent', 'submitted', 'loaded')
ORDER BY t.error IS NOT NULL, t.transcript_id
LIMIT %(limit)s
