-- What counts in each budget by currency: the costs of transcripts, and what is set aside for those in progress. How
-- many have neither, and why. Reads only.
WITH counted AS (
    SELECT coalesce(t.reserved_at, t.submitted_at) AS since, t.claimed_by = %(run)s AS is_of_run,
           coalesce(k.cost, t.reserved_cost) AS cost,
           CASE WHEN k.cost IS NULL THEN t.reserved_currency ELSE k.currency END AS currency,
           coalesce(k.cost_reason, 'the length of a recording in progress is not known') AS reason
    FROM call_sentiment.transcripts AS t
    JOIN call_sentiment.transcript_costs AS k ON k.transcript_id = t.transcript_id
    -- A run of the last days may have begun in the month before.
    WHERE coalesce(t.reserved_at, t.submitted_at)
          >= least(date_trunc('month', now(), 'UTC'), now() - interval '7 days')
      AND k.cost_status <> 'not_billed'
)
SELECT budgets.name, counted.currency, sum(counted.cost) AS cost,
       count(*) FILTER (WHERE counted.cost IS NULL) AS unknown,
       min(counted.reason) FILTER (WHERE counted.cost IS NULL) AS reason
FROM counted
CROSS JOIN LATERAL (
    VALUES ('budget_per_run', counted.is_of_run),
           ('budget_per_day', counted.since >= date_trunc('day', now(), 'UTC')),
           ('budget_per_month', counted.since >= date_trunc('month', now(), 'UTC'))
) AS budgets (name, counts)
WHERE budgets.counts
GROUP BY 1, 2
