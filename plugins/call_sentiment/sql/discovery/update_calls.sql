-- Take over the present facts and addresses of calls that were transcribed already. A fact that is missing now stays
-- as it was. Channels and language belong to what was submitted, so they change only with the audio. A rerun with
-- the same calls changes nothing and returns none.
WITH present AS (
    SELECT n.*
    FROM jsonb_to_recordset(%(calls)s::jsonb) AS n (
        call_id text, recording text, recording_version text, recording_number integer, sidecar_version text,
        started_at timestamptz, queue text, agent_id text, channels jsonb, language_code text, metadata jsonb,
        notices text[]
    )
),
merged AS (
    SELECT
        c.call_id,
        n.recording,
        n.recording_version,
        n.recording_number,
        n.sidecar_version,
        coalesce(n.started_at, c.started_at) AS started_at,
        coalesce(n.queue, c.queue) AS queue,
        coalesce(n.agent_id, c.agent_id) AS agent_id,
        CASE WHEN n.recording_number > c.recording_number THEN n.channels ELSE c.channels END AS channels,
        CASE WHEN n.recording_number > c.recording_number THEN n.language_code ELSE c.language_code END
            AS language_code,
        c.metadata || n.metadata AS metadata,
        coalesce(n.notices, c.notices) AS notices,
        (c.started_at, c.queue, c.agent_id, c.metadata) AS facts_before
    FROM present AS n
    JOIN call_sentiment.calls AS c ON c.call_id = n.call_id
)
UPDATE call_sentiment.calls AS c
SET recording = m.recording,
    recording_version = m.recording_version,
    recording_number = m.recording_number,
    recording_replaced = false,
    sidecar_version = m.sidecar_version,
    started_at = m.started_at,
    queue = m.queue,
    agent_id = m.agent_id,
    channels = m.channels,
    language_code = m.language_code,
    metadata = m.metadata,
    notices = m.notices
FROM merged AS m
WHERE c.call_id = m.call_id
  AND (c.recording, c.recording_version, c.recording_number, c.recording_replaced, c.sidecar_version, c.started_at,
       c.queue, c.agent_id, c.channels, c.language_code, c.metadata, c.notices)
      IS DISTINCT FROM
      (m.recording, m.recording_version, m.recording_number, false, m.sidecar_version, m.started_at,
       m.queue, m.agent_id, m.channels, m.language_code, m.metadata, m.notices)
RETURNING c.call_id, (c.started_at, c.queue, c.agent_id, c.metadata) IS DISTINCT FROM m.facts_before AS facts_changed
