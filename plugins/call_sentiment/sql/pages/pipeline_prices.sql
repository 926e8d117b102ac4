-- The prices of hours of audio that hold today, models first. Reads only.
SELECT DISTINCT ON (p.kind, p.item) p.kind, p.item, p.per_hour, p.currency, p.taken_on, p.valid_from, p.source
FROM call_sentiment.prices AS p
WHERE p.valid_from <= (now() AT TIME ZONE 'UTC')::date
ORDER BY p.kind DESC, p.item, p.is_own DESC, p.valid_from DESC
