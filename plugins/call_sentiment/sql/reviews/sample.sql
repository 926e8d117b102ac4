-- How far the sample is: its calls, those that have all their reviews, those that wait for a second person, those that
-- this person can still review blind; and the first of these, a row each, or one row without a call. In the order of
-- their random numbers, so that the calls reviewed first are a sample themselves. Reads only.
WITH sample AS MATERIALIZED (
    SELECT t.transcript_id,
           t.call_id,
           d.wanted_reviews,
           given.blind_reviews,
           EXISTS (
               SELECT
               FROM call_sentiment.label_reviews AS r
               WHERE r.transcript_id = t.transcript_id AND r.reviewer = %(reviewer)s
           ) AS is_known
    FROM call_sentiment.review_draws AS d
    JOIN call_sentiment.transcripts AS drawn ON drawn.transcript_id = d.transcript_id
    JOIN call_sentiment.current_transcripts AS t
        ON t.call_id = drawn.call_id AND t.transcript_id = d.transcript_id AND t.state = 'scored'
    CROSS JOIN LATERAL (
        SELECT count(*) AS blind_reviews
        FROM call_sentiment.label_reviews AS r
        JOIN call_sentiment.current_reviews AS standing
            ON standing.transcript_id = r.transcript_id AND standing.position IS NULL AND standing.reviewer = r.reviewer
        WHERE r.transcript_id = d.transcript_id AND r.position IS NULL AND r.is_blind
    ) AS given
),
waiting AS (
    SELECT s.transcript_id, s.call_id, s.wanted_reviews, call_sentiment.review_number(s.call_id) AS number
    FROM sample AS s
    WHERE s.blind_reviews < s.wanted_reviews AND NOT s.is_known
)
SELECT progress.*, first.*
FROM (
    SELECT
        count(*) AS drawn,
        count(*) FILTER (WHERE s.blind_reviews >= s.wanted_reviews) AS reviewed,
        count(*) FILTER (WHERE s.blind_reviews = 1 AND s.wanted_reviews = 2) AS waiting_for_second,
        (SELECT count(*) FROM waiting) AS waiting
    FROM sample AS s
) AS progress
LEFT JOIN LATERAL (
    SELECT
        w.call_id,
        COALESCE(c.started_at, c.discovered_at) AS at,
        c.queue,
        c.agent_id,
        t.audio_duration_s AS duration_s,
        w.wanted_reviews
    FROM waiting AS w
    JOIN call_sentiment.calls AS c ON c.call_id = w.call_id
    JOIN call_sentiment.transcripts AS t ON t.transcript_id = w.transcript_id
    ORDER BY w.number
    LIMIT %(limit)s
) AS first ON true
