-- Confidence and correctness of the sampled sentences, for each call and bin of confidence. Reads only.
-- Bins hold about as many sentences each. Equal confidences share one, that of their middle rank, so some hold few.
WITH sentences AS (
    SELECT call_id, weight,
           avg(confidence) AS confidence,
           avg((reviewed_step = computed_step)::integer)::double precision AS correct,
           avg(power(confidence - (reviewed_step = computed_step)::integer, 2)) AS brier
    FROM call_sentiment.blind_reviews
    WHERE weight IS NOT NULL
      AND position IS NOT NULL
      AND computed_step IS NOT NULL
      AND confidence BETWEEN 0 AND 1
      AND (%(first)s::date IS NULL OR day >= %(first)s)
      AND (%(last)s::date IS NULL OR day <= %(last)s)
      AND (%(queue)s IS NULL OR queue = %(queue)s)
    GROUP BY call_id, transcript_id, position, weight
), ranked AS (
    SELECT *,
           greatest(1, least(%(most_bins)s, count(*) OVER () / %(few)s)) AS bins,
           (rank() OVER by_confidence - 1.0) / count(*) OVER () AS below,
           cume_dist() OVER by_confidence AS up_to
    FROM sentences
    WINDOW by_confidence AS (ORDER BY confidence)
), binned AS (
    SELECT *, floor(bins * (below + up_to) / 2)::integer AS bin
    FROM ranked
)
SELECT call_id, bin,
       count(*) AS sentences,
       sum(weight) AS weight,
       sum(weight * weight) AS weight_square,
       sum(weight * confidence) AS confidence,
       sum(weight * correct) AS correct,
       sum(weight * brier) AS brier,
       min(confidence) AS lowest,
       max(confidence) AS highest
FROM binned
GROUP BY call_id, bin
ORDER BY call_id, bin
