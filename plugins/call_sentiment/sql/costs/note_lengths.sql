-- Note the lengths of recordings, for the versions of the files that were read. A rerun changes the time only.
UPDATE call_sentiment.calls AS c
SET measured_s = m.measured_s, measured_version = m.version, measured_at = now()
FROM jsonb_to_recordset(%(lengths)s::jsonb) AS m (call_id text, version text, measured_s double precision)
WHERE c.call_id = m.call_id
