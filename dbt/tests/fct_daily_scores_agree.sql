-- The mart and the view `daily_scores` compute the same: rows that only one of them has, or where they differ.
SELECT
    coalesce(m.call_day, v.day) AS day,
    coalesce(m.queue, v.queue) AS queue,
    coalesce(m.agent_id, v.agent_id) AS agent_id
FROM {{ ref('fct_daily_scores') }} AS m
FULL JOIN {{ source('call_sentiment', 'daily_scores') }} AS v
    ON (v.day, coalesce(v.queue, ''), coalesce(v.agent_id, ''))
        = (m.call_day, coalesce(m.queue, ''), coalesce(m.agent_id, ''))
WHERE (m.call_count, m.scored_call_count, m.failed_call_count) IS DISTINCT FROM
        (v.call_count, v.scored_call_count, v.failed_call_count)
    OR (m.needs_review_count, m.sentence_count) IS DISTINCT FROM (v.needs_review_count, v.sentence_count)
    OR (m.sentiment_score IS NULL) <> (v.sentiment_score IS NULL)
    OR (m.customer_score IS NULL) <> (v.customer_score IS NULL)
    OR abs(m.sentiment_score - v.sentiment_score) > 1e-9
    OR abs(m.customer_score - v.customer_score) > 1e-9
    OR abs(m.agent_score - v.agent_score) > 1e-9
