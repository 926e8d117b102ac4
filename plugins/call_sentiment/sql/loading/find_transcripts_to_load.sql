-- The submitted transcripts of these calls, with what is needed to read them: those whose jobs have ended (NULL:
-- all), and those in progress for too long. Locks them for this session against other loads; those that another
-- session has locked are left out. A rerun returns what is still submitted.
-- Seed 4703270718905524: the lock of a job that is loaded.
WITH wanted AS MATERIALIZED (
    SELECT t.transcript_id, t.assemblyai_id, c.channels,
           coalesce(t.submitted_at < now() - make_interval(secs => %(give_up_after_s)s), false) AS overdue
    FROM call_sentiment.transcripts AS t
    JOIN call_sentiment.calls AS c ON c.call_id = t.call_id
    WHERE t.call_id = ANY (%(call_ids)s::text[])
      AND t.state = 'submitted'
)
SELECT w.transcript_id, w.assemblyai_id, w.channels, w.overdue
FROM wanted AS w
WHERE (%(ended)s::text[] IS NULL OR w.overdue OR w.assemblyai_id = ANY (%(ended)s::text[]))
  AND pg_try_advisory_lock(hashtextextended(w.assemblyai_id, 4703270718905524))
ORDER BY w.transcript_id
