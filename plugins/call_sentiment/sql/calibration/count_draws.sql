-- How much of the random sample has been reviewed: its calls, those for two people, its sentences. Reads only.
WITH drawn AS (
    SELECT d.transcript_id, d.wanted_reviews
    FROM call_sentiment.review_draws AS d
    JOIN call_sentiment.transcripts AS t ON t.transcript_id = d.transcript_id
    JOIN call_sentiment.calls AS c ON c.call_id = t.call_id
    WHERE (%(queue)s IS NULL OR c.queue = %(queue)s)
      AND (%(first)s::date IS NULL
           OR (COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date >= %(first)s)
      AND (%(last)s::date IS NULL
           OR (COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date <= %(last)s)
), reviewed AS (
    SELECT transcript_id, position, count(*) AS people
    FROM call_sentiment.blind_reviews
    WHERE weight IS NOT NULL
    GROUP BY transcript_id, position
), calls AS (
    SELECT count(*) AS calls,
           count(r.people) AS reviewed_calls,
           count(*) FILTER (WHERE d.wanted_reviews = 2) AS double_calls,
           count(*) FILTER (WHERE d.wanted_reviews = 2 AND r.people > 1) AS reviewed_double_calls
    FROM drawn AS d
    LEFT JOIN reviewed AS r ON r.transcript_id = d.transcript_id AND r.position IS NULL
), sentences AS (
    SELECT count(*) AS sentences, count(r.people) AS reviewed_sentences
    FROM drawn AS d
    JOIN call_sentiment.review_draw_sentences AS s ON s.transcript_id = d.transcript_id
    LEFT JOIN reviewed AS r ON r.transcript_id = s.transcript_id AND r.position = s.position
)
SELECT * FROM calls CROSS JOIN sentences
