-- The labels of a transcript and its sentences that stand by one person. Reads only.
SELECT r.position, r.reviewed_label AS label, r.reason
FROM call_sentiment.current_reviews AS r
WHERE r.transcript_id = %(transcript_id)s AND r.reviewer = %(reviewer)s
