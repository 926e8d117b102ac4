-- Lock the next transcripts whose scores are by another version of the formulas, newest first. `scorable`: they still
-- have what they are scored from. Transcripts that another session has locked are left out. The locks end with the
-- transaction; a rerun gives the transcripts that are left. Reads as many index entries as it returns rows.
SELECT t.transcript_id,
       t.status <> 'ok'
           OR EXISTS (SELECT FROM call_sentiment.sentences AS s WHERE s.transcript_id = t.transcript_id) AS scorable
FROM call_sentiment.transcripts AS t
WHERE t.transcript_id = ANY (ARRAY(
    SELECT newest.transcript_id
    FROM call_sentiment.shown_versions AS v
    CROSS JOIN LATERAL (
        SELECT candidate.transcript_id
        FROM call_sentiment.transcripts AS candidate
        WHERE candidate.state = 'scored'
          AND NOT candidate.sentences_deleted
          AND candidate.formula_version = v.formula_version
          AND candidate.transcript_id < coalesce(%(below)s, 9223372036854775807)
        ORDER BY candidate.transcript_id DESC
        LIMIT %(limit)s
    ) AS newest
    WHERE v.formula_version <> %(formula_version)s
    ORDER BY newest.transcript_id DESC
    LIMIT %(limit)s
))
ORDER BY t.transcript_id DESC
FOR UPDATE OF t SKIP LOCKED
