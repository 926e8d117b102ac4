-- One row per day (UTC), queue and agent. Scores weigh sentences, not calls: the sums of all sentences, divided.
SELECT
    call_day,
    queue,
    agent_id,
    count(*) AS call_count,
    count(*) FILTER (WHERE status = 'ok') AS scored_call_count,
    count(*) FILTER (WHERE status = 'failed') AS failed_call_count,
    count(*) FILTER (WHERE needs_review) AS needs_review_count,
    coalesce(sum(sentence_count), 0) AS sentence_count,
    coalesce(sum(positive_count), 0) AS positive_count,
    coalesce(sum(neutral_count), 0) AS neutral_count,
    coalesce(sum(negative_count), 0) AS negative_count,
    sum(value_sum) / nullif(sum(rated_sentence_count), 0) AS sentiment_score,
    sum(customer_value_sum) / nullif(sum(customer_rated_sentence_count), 0) AS customer_score,
    sum(agent_value_sum) / nullif(sum(agent_rated_sentence_count), 0) AS agent_score,
    sum(talk_time_s) / 60 AS talk_minutes,
    sum(duration_s) / 60 AS audio_minutes
FROM {{ ref('fct_calls') }}
GROUP BY call_day, queue, agent_id
