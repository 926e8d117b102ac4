-- One row per call. Figures are NULL where a call has no score; `status` says why.
SELECT
    c.call_id,
    c.call_at,
    c.call_day,
    c.queue,
    c.agent_id,
    o.status,
    o.label,
    o.reviewed_label,
    o.counting_label,
    o.trend_label,
    o.needs_review,
    o.reason,
    o.notices,
    o.duration_s,
    o.in_progress_since,
    o.scored_at,
    s.formula_version,
    s.sentence_count,
    s.positive_count,
    s.neutral_count,
    s.negative_count,
    s.rated_sentence_count,
    s.value_sum,
    s.sentiment_score,
    s.score_low,
    s.score_high,
    s.q1_score,
    s.q4_score,
    s.sentiment_change,
    s.worst_window_score,
    s.worst_window_start_s,
    s.talk_time_s,
    s.silence_s,
    s.crosstalk_s,
    customer.rated_sentence_count AS customer_rated_sentence_count,
    customer.value_sum AS customer_value_sum,
    customer.value_sum / nullif(customer.rated_sentence_count, 0) AS customer_score,
    agent.rated_sentence_count AS agent_rated_sentence_count,
    agent.value_sum AS agent_value_sum,
    agent.value_sum / nullif(agent.rated_sentence_count, 0) AS agent_score
FROM {{ ref('stg_calls') }} AS c
INNER JOIN {{ ref('stg_call_overview') }} AS o ON o.call_id = c.call_id
LEFT JOIN {{ ref('stg_call_scores') }} AS s ON s.call_id = c.call_id
LEFT JOIN {{ ref('stg_role_scores') }} AS customer
    ON customer.transcript_id = s.transcript_id AND customer.formula_version = s.formula_version
    AND customer.role = 'customer'
LEFT JOIN {{ ref('stg_role_scores') }} AS agent
    ON agent.transcript_id = s.transcript_id AND agent.formula_version = s.formula_version
    AND agent.role = 'agent'
