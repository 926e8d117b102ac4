-- Transcripts submitted in a period by hour or day: how many, and the seconds from submission to the end of the job and
-- from there to the first score. Reads only.
SELECT
    date_trunc(%(unit)s, t.submitted_at, 'UTC') AS start,
    count(*) AS submitted,
    count(first_score.scored_at) AS scored,
    count(t.completed_at) AS timed,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t.completed_at - t.submitted_at)) AS job_p50_s,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM t.completed_at - t.submitted_at)) AS job_p95_s,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first_score.scored_at - t.completed_at))
        AS score_p50_s,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM first_score.scored_at - t.completed_at))
        AS score_p95_s
FROM call_sentiment.transcripts AS t
LEFT JOIN LATERAL (
    -- transcripts.scored_at is that of the newest formulas.
    SELECT min(s.scored_at) AS scored_at
    FROM call_sentiment.call_scores AS s
    WHERE s.transcript_id = t.transcript_id
) AS first_score ON true
WHERE t.created_at > now() - make_interval(hours => %(hours)s)
  AND t.submitted_at IS NOT NULL
GROUP BY 1
ORDER BY 1
