-- The newest day, up to today, on which a call began. Reads only.
SELECT max((COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date) AS day
FROM call_sentiment.calls AS c
WHERE (COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date <= (now() AT TIME ZONE 'UTC')::date
