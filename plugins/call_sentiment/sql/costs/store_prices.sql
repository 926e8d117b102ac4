-- Store prices of hours of audio. A rerun with the same prices changes nothing.
INSERT INTO call_sentiment.prices AS p (kind, item, per_hour, currency, taken_on, valid_from, source, is_own)
SELECT n.kind, n.item, n.per_hour, n.currency, n.taken_on, n.valid_from, n.source, n.is_own
FROM jsonb_to_recordset(%(prices)s::jsonb)
    AS n (kind text, item text, per_hour numeric, currency text, taken_on date, valid_from date, source text,
          is_own boolean)
ON CONFLICT (kind, item, valid_from, is_own) DO UPDATE SET
    per_hour = excluded.per_hour, currency = excluded.currency, taken_on = excluded.taken_on, source = excluded.source
WHERE (p.per_hour, p.currency, p.taken_on, p.source)
      IS DISTINCT FROM (excluded.per_hour, excluded.currency, excluded.taken_on, excluded.source)
