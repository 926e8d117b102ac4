-- Scores and labels of calls by day or week: of all together, and of each queue or agent. Reads only.
-- A score weighs sentences. Its interval reaches 1.96 standard errors, taken over calls since the sentences of one
-- call belong together: those of a ratio of sums, so that the score is its middle.
WITH scored AS (
    SELECT date_trunc(
               %(by)s, (COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date::timestamp
           )::date AS bucket,
           CASE %(split)s WHEN 'queue' THEN c.queue ELSE c.agent_id END AS part,
           s.label,
           s.value_sum,
           (s.sentence_count - s.confidence_missing_count)::double precision AS weight
    FROM call_sentiment.calls AS c
    JOIN call_sentiment.current_transcripts AS t ON t.call_id = c.call_id
    JOIN call_sentiment.call_scores AS s
        ON s.transcript_id = t.transcript_id AND s.formula_version = t.formula_version
    WHERE (COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date BETWEEN %(first)s AND %(last)s
      AND s.status = 'ok'
      AND (%(queue)s IS NULL OR c.queue = %(queue)s)
      AND (%(agent)s IS NULL OR c.agent_id = %(agent)s)
), sums AS (
    SELECT bucket,
           part,
           grouping(bucket) = 0 AS of_bucket,
           grouping(part) = 0 AS of_part,
           count(*) AS calls,
           count(value_sum) AS rated,
           sum(value_sum) / NULLIF(sum(weight), 0) AS score,
           sum(weight) AS weight,
           sum(value_sum * value_sum) AS square,
           sum(value_sum * weight) AS product,
           sum(weight * weight) AS weight_square,
           count(*) FILTER (WHERE label = 'VERY_NEGATIVE') AS very_negative,
           count(*) FILTER (WHERE label = 'NEGATIVE') AS negative,
           count(*) FILTER (WHERE label = 'MIXED') AS mixed,
           count(*) FILTER (WHERE label = 'NEUTRAL') AS neutral,
           count(*) FILTER (WHERE label = 'POSITIVE') AS positive,
           count(*) FILTER (WHERE label = 'VERY_POSITIVE') AS very_positive,
           count(*) FILTER (WHERE label IN ('INSUFFICIENT', 'NONE')) AS insufficient
    FROM scored
    GROUP BY GROUPING SETS ((bucket), (part), (bucket, part), ())
), sized AS (
    SELECT part, row_number() OVER (ORDER BY calls DESC, part) AS place
    FROM sums
    WHERE of_part AND NOT of_bucket
), errors AS (
    SELECT sums.*,
           sized.place,
           -- The score of one call has no interval: NULL.
           CASE
               WHEN rated > 1 THEN 1.959964 * sqrt(
                   greatest(square - 2 * score * product + score * score * weight_square, 0) * rated / (rated - 1)
               ) / weight
           END AS reach
    FROM sums
    LEFT JOIN sized ON sums.of_part AND sized.part IS NOT DISTINCT FROM sums.part
)
SELECT bucket, part, of_bucket, of_part, place, calls, rated, score,
       CASE WHEN reach IS NOT NULL THEN greatest(score - reach, -1) END AS low,
       CASE WHEN reach IS NOT NULL THEN least(score + reach, 1) END AS high, very_negative, negative, mixed, neutral, positive, very_positive, insufficient
FROM errors
WHERE NOT (of_part AND of_bucket) OR place <= %(parts)s
ORDER BY of_part, place, bucket
