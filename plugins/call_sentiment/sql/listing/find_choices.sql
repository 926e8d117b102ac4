-- The queues and agents there are, up to a limit of each. Reads only.
-- Each step finds the next value in an index, so it costs as many steps as there are values.
WITH RECURSIVE queues (name) AS (
    (SELECT min(queue) FROM call_sentiment.call_listing)
    UNION ALL
    SELECT (SELECT min(l.queue) FROM call_sentiment.call_listing AS l WHERE l.queue > q.name)
    FROM queues AS q
    WHERE q.name IS NOT NULL
),
agents (name) AS (
    (SELECT min(agent_id) FROM call_sentiment.call_listing)
    UNION ALL
    SELECT (SELECT min(l.agent_id) FROM call_sentiment.call_listing AS l WHERE l.agent_id > a.name)
    FROM agents AS a
    WHERE a.name IS NOT NULL
)
SELECT ARRAY(SELECT name FROM queues WHERE name IS NOT NULL LIMIT %(limit)s) AS queues,
       ARRAY(SELECT name FROM agents WHERE name IS NOT NULL LIMIT %(limit)s) AS agents
