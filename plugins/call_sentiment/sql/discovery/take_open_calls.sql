-- Every open call that no other active run has claimed, oldest first; those with an error come last, so that they
-- delay no others. Claims the intents for this run, which keeps other runs from them until this run ends. Jobs in
-- progress are never claimed, so that any run can load them. A rerun takes the same.
WITH open AS MATERIALIZED (
    SELECT t.transcript_id, t.call_id, t.state, t.error IS NOT NULL AS has_error
    FROM call_sentiment.transcripts AS t
    WHERE t.state IN ('submitted', 'loaded')
       OR (t.state = 'intent'
           AND (t.claimed_by IS NULL OR t.claimed_by = %(run)s OR NOT t.claimed_by = ANY (%(active_runs)s::text[])))
    ORDER BY has_error, t.transcript_id
    LIMIT %(limit)s
),
claimed AS (
    UPDATE call_sentiment.transcripts AS t
    SET claimed_by = %(run)s
    FROM open AS o
    WHERE t.transcript_id = o.transcript_id
      AND o.state = 'intent'
      AND t.claimed_by IS DISTINCT FROM %(run)s
)
SELECT o.call_id FROM open AS o ORDER BY o.has_error, o.transcript_id
