-- Lock the next transcripts last scored before a given time, newest first. `scorable`: they still have what they are
-- scored from. The locks end with the transaction; a rerun gives the transcripts that are left.
SELECT t.transcript_id,
       t.status <> 'ok'
           OR EXISTS (SELECT FROM call_sentiment.sentences AS s WHERE s.transcript_id = t.transcript_id) AS scorable
FROM call_sentiment.transcripts AS t
WHERE t.state = 'scored'
  AND t.scored_at < %(before)s
  AND t.transcript_id < coalesce(%(below)s, 9223372036854775807)
ORDER BY t.transcript_id DESC
LIMIT %(limit)s
FOR UPDATE OF t
