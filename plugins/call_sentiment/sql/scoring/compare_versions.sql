-- The scores of all transcripts by two versions of the formulas side by side: how many have both, one or no
-- figures, and their labels by both; a status stands for the label of a transcript that has no figures. Reads only.
SELECT
    CASE
        WHEN n.transcript_id IS NULL THEN 'only old'
        WHEN o.transcript_id IS NULL THEN 'only new'
        WHEN o.status <> 'ok' AND n.status <> 'ok' THEN 'no figures'
        ELSE 'compared'
    END AS comparison,
    coalesce(o.label, o.status) AS old_label,
    coalesce(n.label, n.status) AS new_label,
    count(*) AS transcripts
FROM (SELECT * FROM call_sentiment.call_scores WHERE formula_version = %(old)s) AS o
FULL JOIN (SELECT * FROM call_sentiment.call_scores WHERE formula_version = %(new)s) AS n
       ON n.transcript_id = o.transcript_id
GROUP BY 1, 2, 3
ORDER BY count(*) DESC, 1, 2, 3
