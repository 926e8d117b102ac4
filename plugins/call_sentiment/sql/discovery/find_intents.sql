-- The intents of daily traffic or of a backfill that no other active run has claimed, in the order in which they are
-- to be submitted: those with an error last, so that they delay no others. No more than may be in progress beside
-- the jobs and claims there are. Reads only.
SELECT t.transcript_id, t.call_id, c.recording, t.options, c.measured_s, c.recording_version,
       c.measured_at IS NOT NULL AND c.measured_version IS NOT DISTINCT FROM c.recording_version AS is_measured,
       t.reserved_at IS NOT NULL AS is_reserved
FROM call_sentiment.transcripts AS t
JOIN call_sentiment.calls AS c ON c.call_id = t.call_id
WHERE t.state = 'intent'
  AND coalesce(t.backfill, '') = %(backfill)s
  AND (t.claimed_by IS NULL OR t.claimed_by = %(run)s OR NOT t.claimed_by = ANY (%(active_runs)s::text[]))
ORDER BY t.error IS NOT NULL AND t.held_at IS NULL,
         CASE WHEN %(newest_first)s THEN c.started_at END DESC NULLS LAST,
         CASE WHEN %(newest_first)s THEN c.recording END DESC,
         t.transcript_id
LIMIT least(%(limit)s, (
    SELECT CASE WHEN %(max_in_progress)s IS NOT NULL THEN greatest(0, %(max_in_progress)s - count(*)) END
    FROM call_sentiment.transcripts AS p
    WHERE p.state IN ('intent', 'submitted')
      AND coalesce(p.backfill, '') = %(backfill)s
      AND (p.state = 'submitted' OR (p.claimed_by IS DISTINCT FROM %(run)s AND p.claimed_by = ANY (%(active_runs)s::text[])))
))
