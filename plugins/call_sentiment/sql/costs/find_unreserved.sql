-- Jobs in progress of this month for which nothing is set aside, since their runs had no budget. Reads only.
SELECT t.transcript_id, t.call_id, c.recording, t.request AS options, c.measured_s, c.recording_version,
       c.measured_at IS NOT NULL AND c.measured_version IS NOT DISTINCT FROM c.recording_version AS is_measured,
       false AS is_reserved
FROM call_sentiment.transcripts AS t
JOIN call_sentiment.calls AS c ON c.call_id = t.call_id
WHERE (t.state = 'submitted' OR t.given_up_at IS NOT NULL)
  AND t.reserved_at IS NULL
  AND t.submitted_at >= least(date_trunc('month', now(), 'UTC'), now() - interval '7 days')
ORDER BY t.transcript_id
