-- Note when jobs ended, as AssemblyAI says. A rerun changes nothing.
UPDATE call_sentiment.transcripts AS t
SET completed_at = c.completed_at
FROM jsonb_to_recordset(%(completed)s::jsonb) AS c (assemblyai_id text, completed_at timestamptz)
WHERE t.assemblyai_id = c.assemblyai_id
  AND t.completed_at IS NULL
