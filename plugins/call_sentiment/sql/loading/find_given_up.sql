-- Transcripts that were given up and not looked up for an hour, as long as AssemblyAI lists their jobs. Reads only.
SELECT t.transcript_id, t.assemblyai_id
FROM call_sentiment.transcripts AS t
WHERE t.given_up_at < now() - interval '1 hour'
  AND t.submitted_at > now() - interval '90 days'
ORDER BY t.given_up_at
LIMIT 100
