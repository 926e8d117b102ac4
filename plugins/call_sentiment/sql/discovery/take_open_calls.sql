-- Every call that is under way and not another run's, oldest first, those that gave trouble last so that they hold
-- nobody up. What is to be submitted is claimed for this run: that keeps other runs from it until this one ends. Jobs
-- that AssemblyAI works on belong to nobody, so that no run holds them up. A rerun takes the same.
WITH open AS MATERIALIZED (
    SELECT t.transcript_id, t.call_id, t.state, t.error IS NOT NULL AS troubled
    FROM call_sentiment.transcripts AS t
    WHERE t.state IN ('submitted', 'loaded')
       OR (t.state = 'intent'
           AND (t.claimed_by IS NULL OR t.claimed_by = %(run)s OR NOT t.claimed_by = ANY (%(active_runs)s::text[])))
    ORDER BY troubled, t.transcript_id
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
SELECT o.call_id FROM open AS o ORDER BY o.troubled, o.transcript_id
