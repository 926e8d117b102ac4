-- The newest calls with their scores. Reads only.
SELECT o.call_id, o.started_at, o.queue, o.agent_id, o.status, o.label, o.sentiment_score, o.score_low, o.score_high,
       o.worst_moment, o.needs_review, o.reason, o.notices
FROM call_sentiment.call_overview AS o
ORDER BY o.started_at DESC NULLS LAST, o.call_id
LIMIT 50
