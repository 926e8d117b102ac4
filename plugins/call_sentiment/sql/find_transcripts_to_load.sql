-- The submitted transcripts of these calls, with what is needed to read them. Reads only; a rerun gives what is left.
SELECT t.transcript_id, t.assemblyai_id, c.channels
FROM call_sentiment.transcripts AS t
JOIN call_sentiment.calls AS c ON c.call_id = t.call_id
WHERE t.call_id = ANY (%(call_ids)s::text[])
  AND t.state = 'submitted'
ORDER BY t.transcript_id
