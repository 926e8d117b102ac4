-- Make the rows of changed calls again and forget these changes; return how many changes that were. A rerun is harmless:
-- it takes what is left. Words are read again only where the transcript is another one or its sentences were changed.
WITH taken AS (
    DELETE FROM call_sentiment.call_listing_changes
    WHERE change_id IN (
        SELECT change_id FROM call_sentiment.call_listing_changes ORDER BY change_id LIMIT %(limit)s
    )
    RETURNING call_id, words_changed
),
changed AS MATERIALIZED (
    SELECT call_id, bool_or(words_changed) AS words_changed FROM taken GROUP BY call_id
),
made AS MATERIALIZED (
    SELECT s.*,
           CASE
               WHEN l.transcript_id = s.transcript_id AND l.words IS NOT NULL AND NOT c.words_changed THEN l.words
               ELSE call_sentiment.words_of(s.transcript_id)
           END AS words
    FROM changed AS c
    -- OFFSET 0: one call after the other, through indexes, however many there are.
    CROSS JOIN LATERAL (
        SELECT * FROM call_sentiment.call_listing_source AS source WHERE source.call_id = c.call_id OFFSET 0
    ) AS s
    LEFT JOIN call_sentiment.call_listing AS l ON l.call_id = s.call_id
),
gone AS (
    DELETE FROM call_sentiment.call_listing AS l
    USING changed AS c
    WHERE l.call_id = c.call_id AND NOT EXISTS (SELECT FROM made AS m WHERE m.call_id = c.call_id)
),
stored AS (
    INSERT INTO call_sentiment.call_listing AS l (
        call_id, at, queue, agent_id, status, label, sentiment_score, score_low, score_high, q1_score, q2_score,
        q3_score, q4_score, worst_window_start_ms, worst_window_end_ms, needs_review, reviewed_label, reason, notices,
        duration_s, transcript_id, words, content_flag_count, worst_content_flag
    )
    SELECT m.call_id, m.at, m.queue, m.agent_id, m.status, m.label, m.sentiment_score, m.score_low, m.score_high,
           m.q1_score, m.q2_score, m.q3_score, m.q4_score, m.worst_window_start_ms, m.worst_window_end_ms,
           m.needs_review, m.reviewed_label, m.reason, m.notices, m.duration_s, m.transcript_id, m.words,
           m.content_flag_count, m.worst_content_flag
    FROM made AS m
    ON CONFLICT (call_id) DO UPDATE SET
        at = excluded.at,
        queue = excluded.queue,
        agent_id = excluded.agent_id,
        status = excluded.status,
        label = excluded.label,
        sentiment_score = excluded.sentiment_score,
        score_low = excluded.score_low,
        score_high = excluded.score_high,
        q1_score = excluded.q1_score,
        q2_score = excluded.q2_score,
        q3_score = excluded.q3_score,
        q4_score = excluded.q4_score,
        worst_window_start_ms = excluded.worst_window_start_ms,
        worst_window_end_ms = excluded.worst_window_end_ms,
        needs_review = excluded.needs_review,
        reviewed_label = excluded.reviewed_label,
        reason = excluded.reason,
        notices = excluded.notices,
        duration_s = excluded.duration_s,
        transcript_id = excluded.transcript_id,
        words = excluded.words,
        content_flag_count = excluded.content_flag_count,
        worst_content_flag = excluded.worst_content_flag
    WHERE l.* IS DISTINCT FROM excluded.*
)
SELECT count(*) AS changes FROM taken
