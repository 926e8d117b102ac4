-- Store the calls that were found. A call that was not submitted yet takes over the present facts of its sidecar (a
-- new address, a corrected language). One that was keeps what it was submitted with, unless it is to be transcribed
-- again. A rerun with the same calls changes nothing.
INSERT INTO call_sentiment.calls AS c (
    call_id, recording, recording_version, recording_number, sidecar_version, started_at, queue, agent_id, channels,
    language_code, metadata, notices
)
SELECT n.call_id, n.recording, n.recording_version, n.recording_number, n.sidecar_version, n.started_at, n.queue,
       n.agent_id, n.channels, n.language_code, n.metadata, coalesce(n.notices, '{}')
FROM jsonb_to_recordset(%(calls)s::jsonb) AS n (
    call_id text, recording text, recording_version text, recording_number integer, sidecar_version text,
    started_at timestamptz, queue text, agent_id text, channels jsonb, language_code text, metadata jsonb,
    notices text[]
)
ORDER BY n.call_id
ON CONFLICT (call_id) DO UPDATE SET
    recording = excluded.recording,
    recording_version = excluded.recording_version,
    recording_number = excluded.recording_number,
    recording_replaced = false,
    sidecar_version = excluded.sidecar_version,
    query_removed = false,
    started_at = excluded.started_at,
    queue = excluded.queue,
    agent_id = excluded.agent_id,
    channels = excluded.channels,
    language_code = excluded.language_code,
    metadata = excluded.metadata,
    notices = excluded.notices
WHERE NOT EXISTS (
    SELECT
    FROM call_sentiment.transcripts AS t
    WHERE t.call_id = c.call_id
      AND (t.state IN ('submitted', 'loaded')
           OR (t.state IN ('scored', 'duplicate') AND NOT %(transcribe_again)s))
)
