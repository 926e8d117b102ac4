-- Add the labels that a person gave, except those that are this person's newest label of the item with the same reason
-- anyway; a label of NULL takes back the one before. They are blind where this person has labelled nothing of the
-- transcript before: from then on the computed labels are shown. A rerun adds nothing.
INSERT INTO call_sentiment.label_reviews (
    transcript_id, position, reviewer, reviewed_label, reason, is_blind, computed_label, confidence, formula_version
)
SELECT
    t.transcript_id,
    g.position,
    %(reviewer)s,
    g.label,
    g.reason,
    NOT EXISTS (
        SELECT
        FROM call_sentiment.label_reviews AS r
        WHERE r.transcript_id = t.transcript_id AND r.reviewer = %(reviewer)s
    ),
    CASE WHEN g.position IS NULL THEN c.label ELSE upper(s.sentiment) END,
    s.confidence,
    CASE WHEN g.position IS NULL THEN c.formula_version END
FROM call_sentiment.transcripts AS t
CROSS JOIN unnest(%(positions)s::integer[], %(labels)s::text[], %(reasons)s::text[]) AS g (position, label, reason)
LEFT JOIN call_sentiment.call_scores AS c
    ON c.transcript_id = t.transcript_id AND c.formula_version = t.formula_version
LEFT JOIN call_sentiment.sentences AS s ON s.transcript_id = t.transcript_id AND s.position = g.position
LEFT JOIN LATERAL (
    SELECT r.reviewed_label, r.reason
    FROM call_sentiment.label_reviews AS r
    WHERE r.transcript_id = t.transcript_id
      AND r.position IS NOT DISTINCT FROM g.position
      AND r.reviewer = %(reviewer)s
    ORDER BY r.review_id DESC
    LIMIT 1
) AS newest ON true
WHERE t.transcript_id = %(transcript_id)s
  AND (newest.reviewed_label, newest.reason) IS DISTINCT FROM (g.label, g.reason)
  AND (newest.reviewed_label IS NOT NULL OR g.label IS NOT NULL)
RETURNING review_id
