-- Failures among the transcripts claimed in a period, by stage and reason, the most frequent first. Reads only.
SELECT
    t.failed_in,
    t.error,
    t.given_up_at IS NOT NULL AS given_up,
    bool_or(t.retryable AND t.attempt < %(max_attempts)s) AS tried_again,
    count(*) AS transcripts,
    min(t.call_id) AS example
FROM call_sentiment.transcripts AS t
WHERE t.created_at > now() - make_interval(hours => %(hours)s)
  AND t.state = 'failed'
GROUP BY 1, 2, 3
ORDER BY count(*) DESC, 1, 2
LIMIT 1000
