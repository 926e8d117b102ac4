-- Apply a rate to the scored calls of some days (UTC): a call is drawn where its random number is lower, with up to ten
-- of its sentences. Every tenth call is for two people. A rerun draws nothing, a lower rate changes nothing.
WITH drawable AS MATERIALIZED (
    SELECT t.transcript_id, call_sentiment.review_number(c.call_id) AS number
    FROM call_sentiment.calls AS c
    JOIN call_sentiment.current_transcripts AS t ON t.call_id = c.call_id
    WHERE (COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date BETWEEN %(first)s AND %(last)s
      AND t.state = 'scored'
      AND t.status = 'ok'
),
raised AS (
    UPDATE call_sentiment.review_draws AS d
    SET inclusion_probability = %(rate)s
    FROM drawable AS p
    WHERE d.transcript_id = p.transcript_id AND d.inclusion_probability < %(rate)s
),
drawn AS (
    INSERT INTO call_sentiment.review_draws (transcript_id, inclusion_probability, wanted_reviews, drawn_by)
    SELECT p.transcript_id,
           %(rate)s,
           CASE WHEN (before.draws + row_number() OVER (ORDER BY p.number)) %% 10 = 0 THEN 2 ELSE 1 END,
           %(drawn_by)s
    FROM drawable AS p
    CROSS JOIN (SELECT count(*) AS draws FROM call_sentiment.review_draws) AS before
    WHERE p.number < %(rate)s
      AND NOT EXISTS (SELECT FROM call_sentiment.review_draws AS d WHERE d.transcript_id = p.transcript_id)
    RETURNING transcript_id
),
numbered AS (
    SELECT s.transcript_id,
           s.position,
           row_number() OVER (
               PARTITION BY s.transcript_id
               ORDER BY call_sentiment.review_number(s.transcript_id || '/' || s.position)
           ) AS place,
           count(*) OVER (PARTITION BY s.transcript_id) AS valid
    FROM drawn AS d
    JOIN call_sentiment.sentences AS s ON s.transcript_id = d.transcript_id
    WHERE upper(s.sentiment) IN ('POSITIVE', 'NEUTRAL', 'NEGATIVE')
      AND s.start_ms IS NOT NULL
      AND s.end_ms IS NOT NULL
),
sentences AS (
    INSERT INTO call_sentiment.review_draw_sentences (transcript_id, position, inclusion_probability)
    SELECT n.transcript_id, n.position, least(1, %(sentences)s::double precision / n.valid)
    FROM numbered AS n
    WHERE n.place <= %(sentences)s
)
SELECT count(*) AS drawn FROM drawn
