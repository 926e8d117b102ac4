-- Count transcripts by their labels in two versions of the formulas. Without figures, the status stands for the
-- label. Reads only.
SELECT
    CASE
        WHEN new.transcript_id IS NULL THEN 'only old'
        WHEN old.transcript_id IS NULL THEN 'only new'
        WHEN old.status <> 'ok' AND new.status <> 'ok' THEN 'no figures'
        ELSE 'compared'
    END AS comparison,
    coalesce(old.label, old.status) AS old_label,
    coalesce(new.label, new.status) AS new_label,
    count(*) AS transcripts
FROM (SELECT * FROM call_sentiment.call_scores WHERE formula_version = %(old)s) AS old
FULL JOIN (SELECT * FROM call_sentiment.call_scores WHERE formula_version = %(new)s) AS new
       ON new.transcript_id = old.transcript_id
GROUP BY 1, 2, 3
ORDER BY count(*) DESC, 1, 2, 3
