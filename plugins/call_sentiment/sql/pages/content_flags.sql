-- The content flags of a transcript in the order of their times. Reads only.
SELECT f.label, f.confidence, f.severity, f.start_ms, f.end_ms
FROM call_sentiment.content_flags AS f
WHERE f.transcript_id = %(transcript_id)s
ORDER BY f.start_ms, f.position
LIMIT %(limit)s
