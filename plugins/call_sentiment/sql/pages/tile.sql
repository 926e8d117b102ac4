-- The calls of today, or of the newest day that has any, and what is in progress now. Reads only.
WITH newest AS (
    SELECT max((COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date) AS day
    FROM call_sentiment.calls AS c
    WHERE (COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date <= (now() AT TIME ZONE 'UTC')::date
), of_day AS (
    SELECT count(*) AS calls,
           count(*) FILTER (WHERE t.state = 'scored') AS scored,
           count(*) FILTER (WHERE t.state = 'failed') AS failed,
           count(*) FILTER (
               WHERE s.needs_review AND NOT EXISTS (
                   SELECT FROM call_sentiment.counting_reviews AS r WHERE r.transcript_id = t.transcript_id
               )
           ) AS needs_review,
           sum(s.value_sum) / NULLIF(sum(s.sentence_count - s.confidence_missing_count), 0) AS score
    FROM newest
    JOIN call_sentiment.calls AS c
        ON (COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date = newest.day
    JOIN call_sentiment.current_transcripts AS t ON t.call_id = c.call_id
    LEFT JOIN call_sentiment.call_scores AS s
        ON s.transcript_id = t.transcript_id AND s.formula_version = t.formula_version
), open AS (
    SELECT count(*) AS in_progress, min(COALESCE(t.submitted_at, t.created_at)) AS oldest_since
    FROM call_sentiment.transcripts AS t
    WHERE t.state IN ('intent', 'submitted', 'loaded')
)
SELECT newest.day, newest.day = (now() AT TIME ZONE 'UTC')::date AS today, of_day.calls, of_day.scored, of_day.failed,
       of_day.needs_review, of_day.score, open.in_progress, open.oldest_since
FROM newest CROSS JOIN of_day CROSS JOIN open
