-- Audio and cost by day (UTC) of submission, of the days that a period touches, the newest first. Reads only.
SELECT d.day, d.billed_count, d.unknown_count, d.in_progress_count, d.billed_s, d.cost, d.currency, d.cost_reason
FROM call_sentiment.daily_costs AS d
WHERE d.day >= ((now() - make_interval(hours => %(hours)s)) AT TIME ZONE 'UTC')::date
ORDER BY d.day DESC
