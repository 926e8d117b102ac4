-- All labels that people gave a transcript and its sentences, the newest first, with what became of each: stands, changed
-- or taken_back. counts: it is the label of the call. Reads only.
WITH given AS (
    SELECT r.*,
           lead(r.review_id) OVER item AS next_id,
           lead(r.reviewed_label) OVER item AS next_label
    FROM call_sentiment.label_reviews AS r
    WHERE r.transcript_id = %(transcript_id)s
    WINDOW item AS (PARTITION BY r.position, r.reviewer ORDER BY r.review_id)
)
SELECT
    g.review_id,
    g.position,
    g.reviewer,
    g.reviewed_label,
    g.reason,
    g.is_blind,
    g.computed_label,
    g.confidence,
    g.formula_version,
    g.reviewed_at,
    CASE WHEN g.next_id IS NULL THEN 'stands' WHEN g.next_label IS NULL THEN 'taken_back' ELSE 'changed' END AS became,
    g.review_id IS NOT DISTINCT FROM c.review_id AS counts,
    s.start_ms,
    s.text
FROM given AS g
LEFT JOIN call_sentiment.counting_reviews AS c ON c.transcript_id = g.transcript_id
LEFT JOIN call_sentiment.sentences AS s ON s.transcript_id = g.transcript_id AND s.position = g.position
WHERE g.reviewed_label IS NOT NULL
ORDER BY g.position NULLS FIRST, g.review_id DESC
