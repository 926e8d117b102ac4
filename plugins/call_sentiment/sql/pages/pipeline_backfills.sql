-- How far each backfill is: its transcripts by state, how many ended in the last hour, and when it will be at its end
-- if it goes on like that. A failure that was tried again is not counted. Reads only, by index.
WITH counted AS (
    SELECT t.backfill,
           count(*) FILTER (WHERE t.state = 'intent' AND t.held_at IS NULL) AS to_submit,
           count(*) FILTER (WHERE t.state = 'intent' AND t.held_at IS NOT NULL) AS held,
           count(*) FILTER (WHERE t.state = 'submitted') AS submitted,
           count(*) FILTER (WHERE t.state = 'loaded') AS loaded,
           count(*) FILTER (WHERE t.state = 'scored') AS scored,
           count(*) FILTER (WHERE t.state = 'failed') AS failed,
           count(*) FILTER (WHERE t.state = 'duplicate') AS duplicates,
           count(*) FILTER (WHERE t.state IN ('intent', 'submitted', 'loaded')) AS open,
           count(*) FILTER (WHERE t.loaded_at > now() - interval '1 hour') AS ended_in_hour,
           max(t.loaded_at) AS last_loaded_at
    FROM call_sentiment.transcripts AS t
    WHERE t.backfill IS NOT NULL
      AND NOT (t.state = 'failed' AND EXISTS (
          SELECT FROM call_sentiment.transcripts AS n
          WHERE n.call_id = t.call_id AND n.transcript_id > t.transcript_id
      ))
    GROUP BY t.backfill
)
SELECT b.name, b.settings ->> 'recordings' AS location, b.started_at,
       coalesce(c.to_submit, 0) AS to_submit, coalesce(c.held, 0) AS held, coalesce(c.submitted, 0) AS submitted,
       coalesce(c.loaded, 0) AS loaded, coalesce(c.scored, 0) AS scored, coalesce(c.failed, 0) AS failed,
       coalesce(c.duplicates, 0) AS duplicates, coalesce(c.open, 0) AS open,
       coalesce(c.ended_in_hour, 0) AS ended_in_hour, c.last_loaded_at,
       k.billed_s, k.cost, k.currency, k.cost_reason,
       CASE WHEN c.open > 0 AND c.ended_in_hour > 0 THEN
           now() + least(interval '1 hour', now() - b.started_at) * (c.open::float8 / c.ended_in_hour) END
           AS expected_end
FROM call_sentiment.backfills AS b
LEFT JOIN counted AS c ON c.backfill = b.name
LEFT JOIN call_sentiment.backfill_costs AS k ON k.backfill = b.name
ORDER BY coalesce(c.open, 0) = 0, b.started_at DESC
LIMIT 10
