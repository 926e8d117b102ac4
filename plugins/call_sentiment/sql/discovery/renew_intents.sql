-- Give intents that were never posted the options that their calls ask for now. Not while a call is being submitted:
-- then its lock is held. A rerun changes nothing.
-- Seed 4703270718905523: the lock of a call.
UPDATE call_sentiment.transcripts AS t
SET options = o.options, config_sha256 = encode(sha256(convert_to(o.options::text, 'UTF8')), 'hex')
FROM jsonb_to_recordset(%(orders)s::jsonb) AS o (call_id text, options jsonb)
WHERE t.call_id = o.call_id
  AND t.state = 'intent'
  AND t.posted_at IS NULL
  AND pg_try_advisory_xact_lock(hashtextextended(o.call_id, 4703270718905523))
