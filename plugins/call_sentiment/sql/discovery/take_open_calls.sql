-- The open calls that this run handles: the intents given, which it claims, and all jobs in progress and loaded
-- transcripts of its daily traffic or backfill. They are claimed by no run, so that any run can load them; those of
-- another backfill that nothing has loaded for an hour are among them, as that one may be paused. Oldest first, or
-- the intents in the order given; those with an error come last. A rerun takes the same.
WITH open AS MATERIALIZED (
    SELECT t.transcript_id, t.call_id, t.state, t.error IS NOT NULL AS has_error, 0 AS place
    FROM call_sentiment.transcripts AS t
    WHERE t.state IN ('submitted', 'loaded')
      AND (coalesce(t.backfill, '') = %(backfill)s OR t.submitted_at < now() - interval '1 hour')
    UNION ALL
    SELECT t.transcript_id, t.call_id, t.state, t.error IS NOT NULL AND t.held_at IS NULL, n.place
    FROM unnest(%(intents)s::bigint[]) WITH ORDINALITY AS n (transcript_id, place)
    JOIN call_sentiment.transcripts AS t ON t.transcript_id = n.transcript_id
    WHERE t.state = 'intent'
    ORDER BY has_error, place, transcript_id
    LIMIT %(limit)s
),
claimed AS (
    UPDATE call_sentiment.transcripts AS t
    SET claimed_by = %(run)s, held_at = NULL, error = CASE WHEN t.held_at IS NULL THEN t.error END
    FROM open AS o
    WHERE t.transcript_id = o.transcript_id
      AND o.state = 'intent'
      AND (t.claimed_by IS DISTINCT FROM %(run)s OR t.held_at IS NOT NULL)
)
SELECT o.call_id FROM open AS o ORDER BY o.has_error, o.place, o.transcript_id
