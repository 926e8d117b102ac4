-- How often two labels met, for each call: people and the model, and two people. Reads only.
-- Whatever several people say of an item, its weight is the same: it is divided by their number, or that of their
-- pairs. A pair counts in both orders, so that it does not matter who is named first.
WITH labels AS (
    SELECT call_id,
           position IS NULL AS of_call,
           transcript_id,
           COALESCE(position, -1) AS item,
           reviewer,
           reviewed_step,
           computed_step,
           weight,
           count(*) OVER (PARTITION BY transcript_id, position) AS people
    FROM call_sentiment.blind_reviews
    WHERE weight IS NOT NULL
      AND (%(first)s::date IS NULL OR day >= %(first)s)
      AND (%(last)s::date IS NULL OR day <= %(last)s)
      AND (%(queue)s IS NULL OR queue = %(queue)s)
), pairs AS (
    SELECT call_id, of_call, 'model' AS against, reviewed_step, computed_step AS other_step, weight,
           1.0::double precision / people AS part
    FROM labels
    WHERE computed_step IS NOT NULL
    UNION ALL
    SELECT one.call_id, one.of_call, 'people', one.reviewed_step, other.reviewed_step, one.weight,
           1.0::double precision / (one.people * (one.people - 1))
    FROM labels AS one
    JOIN labels AS other
        ON other.transcript_id = one.transcript_id AND other.item = one.item AND other.reviewer <> one.reviewer
    WHERE one.people > 1 AND other.people > 1
)
SELECT of_call, against, call_id, reviewed_step, other_step, count(*) AS labels, sum(part) AS items,
       sum(weight * part) AS weight
FROM pairs
GROUP BY of_call, against, call_id, reviewed_step, other_step
ORDER BY of_call, against, call_id, reviewed_step, other_step
