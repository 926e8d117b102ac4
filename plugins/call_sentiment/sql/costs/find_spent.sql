-- What counts in each budget by currency: the costs of transcripts, and what is set aside for those in progress. How
-- many have neither, and why. Reads only.
WITH sums AS (
    SELECT b.run = %(run)s AS is_of_run, date_trunc('day', b.counts_from, 'UTC') AS since, b.day, b.billing, b.model,
           b.request, b.billed_s IS NULL AS is_unmeasured, b.reserved_currency,
           count(*) AS n, sum(b.billed_s) AS billed_s, sum(b.reserved_cost) AS reserved_cost
    FROM call_sentiment.transcript_billing AS b
    -- A run of the last days may have begun in the month before.
    WHERE b.counts_from >= least(date_trunc('month', now(), 'UTC'), now() - interval '7 days')
      AND b.billing <> 'not_billed'
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), counted AS (
    SELECT s.is_of_run, s.since, s.n,
           coalesce(price.per_hour * s.billed_s::numeric / 3600, s.reserved_cost) AS cost,
           CASE WHEN price.per_hour * s.billed_s IS NULL THEN s.reserved_currency ELSE price.currency END AS currency,
           CASE WHEN s.billing = 'billed' THEN coalesce(price.reason, 'AssemblyAI gave no length')
                ELSE 'the length of a recording in progress is not known' END AS reason
    FROM sums AS s
    LEFT JOIN LATERAL call_sentiment.price_of(s.model, s.request, s.day) AS price ON s.billing = 'billed'
)
SELECT budgets.name, counted.currency, sum(counted.cost) AS cost,
       coalesce(sum(counted.n) FILTER (WHERE counted.cost IS NULL), 0)::integer AS unknown,
       min(counted.reason) FILTER (WHERE counted.cost IS NULL) AS reason
FROM counted
CROSS JOIN LATERAL (
    VALUES ('budget_per_run', counted.is_of_run),
           ('budget_per_day', counted.since >= date_trunc('day', now(), 'UTC')),
           ('budget_per_month', counted.since >= date_trunc('month', now(), 'UTC'))
) AS budgets (name, counts)
WHERE budgets.counts
GROUP BY 1, 2
