-- The transcripts of these calls that are to be submitted, or were and are not loaded yet; not what waits for a budget.
-- Reads only.
SELECT t.transcript_id, t.call_id, t.config_sha256, t.options, t.assemblyai_id, t.audio_url_sha256, t.posted_at,
       c.recording, c.recording_version
FROM call_sentiment.transcripts AS t
JOIN call_sentiment.calls AS c ON c.call_id = t.call_id
WHERE t.call_id = ANY (%(call_ids)s::text[])
  AND t.state IN ('intent', 'submitted')
  AND t.held_at IS NULL
