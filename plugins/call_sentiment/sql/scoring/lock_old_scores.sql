-- The next transcripts whose scores are by another version of the formulas than this one, the newest first, and
-- whether there is something to score them from; locked until the end of the transaction. What somebody else has
-- locked is left out. A rerun goes on with what is left. Reads as many index entries as it gives.
SELECT t.transcript_id,
       t.status <> 'ok'
           OR EXISTS (SELECT FROM call_sentiment.sentences AS s WHERE s.transcript_id = t.transcript_id) AS scorable
FROM call_sentiment.transcripts AS t
WHERE t.transcript_id = ANY (ARRAY(
    SELECT o.transcript_id
    FROM call_sentiment.shown_versions AS v
    CROSS JOIN LATERAL (
        SELECT p.transcript_id
        FROM call_sentiment.transcripts AS p
        WHERE p.state = 'scored'
          AND NOT p.sentences_deleted
          AND p.formula_version = v.formula_version
          AND p.transcript_id < coalesce(%(below)s, 9223372036854775807)
        ORDER BY p.transcript_id DESC
        LIMIT %(limit)s
    ) AS o
    WHERE v.formula_version <> %(formula_version)s
    ORDER BY o.transcript_id DESC
    LIMIT %(limit)s
))
ORDER BY t.transcript_id DESC
FOR UPDATE OF t SKIP LOCKED
