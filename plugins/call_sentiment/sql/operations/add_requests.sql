-- Add requests to the counts of the present minute. A rerun would add them again.
INSERT INTO call_sentiment.request_counts AS r (minute, task_id, requests)
SELECT date_trunc('minute', now()), c.key, c.value::integer
FROM jsonb_each_text(%(counts)s::jsonb) AS c
ON CONFLICT (minute, task_id) DO UPDATE SET requests = r.requests + excluded.requests
