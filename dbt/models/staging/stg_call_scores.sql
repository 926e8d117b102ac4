-- One row per scored transcript that speaks for a call: its figures by the version of the formulas that is shown.
SELECT
    t.call_id,
    s.transcript_id,
    s.formula_version,
    s.status,
    s.sentence_count,
    s.positive_count,
    s.neutral_count,
    s.negative_count,
    s.sentence_count - s.confidence_missing_count AS rated_sentence_count,
    s.value_sum,
    s.sentiment_score,
    s.score_low,
    s.score_high,
    s.q1_score,
    s.q4_score,
    s.sentiment_change,
    s.worst_window_score,
    s.worst_window_start_ms / 1000.0 AS worst_window_start_s,
    s.talk_time_ms / 1000.0 AS talk_time_s,
    s.silence_ms / 1000.0 AS silence_s,
    s.crosstalk_ms / 1000.0 AS crosstalk_s
FROM {{ source('call_sentiment', 'current_transcripts') }} AS t
INNER JOIN {{ source('call_sentiment', 'call_scores') }} AS s
    ON s.transcript_id = t.transcript_id AND s.formula_version = t.formula_version
