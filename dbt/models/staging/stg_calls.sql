-- One row per call: what is known of it before it is transcribed.
SELECT
    call_id,
    coalesce(started_at, discovered_at) AS call_at,
    (coalesce(started_at, discovered_at) AT TIME ZONE 'UTC')::date AS call_day,
    queue,
    agent_id
FROM {{ source('call_sentiment', 'calls') }}
