-- How many labels of calls and of sentences count, by how many people, and how many are left out and why. Reads only.
WITH labels AS (
    SELECT b.position IS NULL AS of_call,
           b.reviewer,
           b.left_out,
           b.weight,
           b.computed_step,
           b.confidence,
           b.formula_version IS DISTINCT FROM t.formula_version AS is_older,
           count(*) FILTER (WHERE b.weight IS NOT NULL) OVER (PARTITION BY b.transcript_id, b.position) AS people
    FROM call_sentiment.blind_reviews AS b
    JOIN call_sentiment.transcripts AS t ON t.transcript_id = b.transcript_id
    WHERE (%(first)s::date IS NULL OR b.day >= %(first)s)
      AND (%(last)s::date IS NULL OR b.day <= %(last)s)
      AND (%(queue)s IS NULL OR b.queue = %(queue)s)
)
SELECT of_call,
       count(*) FILTER (WHERE weight IS NOT NULL) AS labels,
       count(DISTINCT reviewer) FILTER (WHERE weight IS NOT NULL AND computed_step IS NOT NULL) AS model_people,
       count(DISTINCT reviewer) FILTER (WHERE weight IS NOT NULL AND people > 1) AS people_people,
       count(*) FILTER (WHERE left_out = 'outside_sample') AS outside_sample,
       count(*) FILTER (WHERE left_out = 'not_blind') AS not_blind,
       count(*) FILTER (WHERE left_out = 'taken_back') AS taken_back,
       count(*) FILTER (WHERE weight IS NOT NULL AND computed_step IS NULL) AS without_step,
       count(*) FILTER (
           WHERE weight IS NOT NULL AND computed_step IS NOT NULL AND NOT of_call
             AND (confidence BETWEEN 0 AND 1) IS NOT TRUE
       ) AS without_confidence,
       count(*) FILTER (WHERE weight IS NOT NULL AND computed_step IS NOT NULL AND of_call AND is_older) AS older
FROM labels
GROUP BY of_call
