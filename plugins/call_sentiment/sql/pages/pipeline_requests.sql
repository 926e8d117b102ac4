-- Requests to AssemblyAI in a period by task, and its five minutes with most of them. Reads only.
WITH counted AS (
    SELECT r.minute, r.task_id, r.requests
    FROM call_sentiment.request_counts AS r
    WHERE r.minute > now() - make_interval(hours => %(hours)s)
),
windows AS (
    SELECT date_bin('5 minutes', c.minute, '2000-01-01 00:00Z') AS start, sum(c.requests) AS requests
    FROM counted AS c
    GROUP BY 1
    ORDER BY requests DESC, start DESC
    LIMIT 1
)
SELECT
    (SELECT coalesce(sum(c.requests), 0) FROM counted AS c) AS requests,
    (SELECT jsonb_object_agg(t.task_id, t.requests)
     FROM (SELECT c.task_id, sum(c.requests) AS requests FROM counted AS c GROUP BY 1) AS t) AS by_task,
    (SELECT w.start FROM windows AS w) AS busiest_start,
    (SELECT w.requests FROM windows AS w) AS busiest
