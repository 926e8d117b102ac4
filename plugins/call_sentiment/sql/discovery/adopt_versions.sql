-- Note the versions of recordings and sidecars of calls that have none. Rerunning finds none left.
UPDATE call_sentiment.calls AS c
SET recording_version = v.recording_version, sidecar_version = v.sidecar_version
FROM jsonb_to_recordset(%(versions)s::jsonb) AS v (call_id text, recording_version text, sidecar_version text)
WHERE c.call_id = v.call_id
  AND c.recording_version IS NULL
