-- What computed labels are measured by: labels that people gave blind, with their weight in the random sample.

CREATE FUNCTION call_sentiment.label_step(label text) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE upper(label)
        WHEN 'VERY_NEGATIVE' THEN -2
        WHEN 'NEGATIVE' THEN -1
        WHEN 'NEUTRAL' THEN 0
        WHEN 'MIXED' THEN 0
        WHEN 'POSITIVE' THEN 1
        WHEN 'VERY_POSITIVE' THEN 2
    END
$$;
COMMENT ON FUNCTION call_sentiment.label_step(text) IS 'Place of a label in their order, from -2 to 2; neutral and mixed share the middle. NULL for a label without a place: INSUFFICIENT, NONE.';

CREATE VIEW call_sentiment.blind_reviews AS
WITH items AS (
    SELECT transcript_id, position, reviewer,
           min(review_id) FILTER (WHERE is_blind AND reviewed_label IS NOT NULL) AS blind_id,
           min(review_id) FILTER (WHERE reviewed_label IS NOT NULL) AS first_id,
           max(review_id) AS newest_id
    FROM call_sentiment.label_reviews
    GROUP BY transcript_id, position, reviewer
)
SELECT
    t.call_id,
    (COALESCE(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date AS day,
    c.queue,
    first.transcript_id,
    first.position,
    first.reviewer,
    first.reviewed_label,
    call_sentiment.label_step(first.reviewed_label) AS reviewed_step,
    first.computed_label,
    call_sentiment.label_step(first.computed_label) AS computed_step,
    first.confidence,
    first.formula_version,
    first.reviewed_at,
    CASE
        WHEN newest.reviewed_label IS NULL OR items.blind_id IS NULL THEN NULL
        WHEN first.position IS NULL THEN 1 / d.inclusion_probability
        ELSE 1 / (d.inclusion_probability * s.inclusion_probability)
    END AS weight,
    CASE
        WHEN newest.reviewed_label IS NULL THEN 'taken_back'
        WHEN items.blind_id IS NULL THEN 'not_blind'
        WHEN d.transcript_id IS NULL OR first.position IS NOT NULL AND s.transcript_id IS NULL THEN 'outside_sample'
    END AS left_out
FROM items
JOIN call_sentiment.label_reviews AS first ON first.review_id = COALESCE(items.blind_id, items.first_id)
JOIN call_sentiment.label_reviews AS newest ON newest.review_id = items.newest_id
JOIN call_sentiment.transcripts AS t ON t.transcript_id = items.transcript_id
JOIN call_sentiment.calls AS c ON c.call_id = t.call_id
LEFT JOIN call_sentiment.review_draws AS d ON d.transcript_id = items.transcript_id
LEFT JOIN call_sentiment.review_draw_sentences AS s
       ON s.transcript_id = items.transcript_id AND s.position = items.position;

COMMENT ON VIEW call_sentiment.blind_reviews IS 'The first blind label of each person for each call or sentence: what the page Calibration is computed from. Only rows with a weight count.';
COMMENT ON COLUMN call_sentiment.blind_reviews.call_id IS 'The call.';
COMMENT ON COLUMN call_sentiment.blind_reviews.day IS 'Day (UTC) on which the call began, or, where that is unknown, its recording was found.';
COMMENT ON COLUMN call_sentiment.blind_reviews.queue IS 'Queue of the call.';
COMMENT ON COLUMN call_sentiment.blind_reviews.transcript_id IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.blind_reviews.position IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.blind_reviews.reviewer IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.blind_reviews.reviewed_label IS 'The label given. A later correction does not change it, since the reviewer had seen the computed one by then.';
COMMENT ON COLUMN call_sentiment.blind_reviews.reviewed_step IS 'Its place in the order of labels: label_step().';
COMMENT ON COLUMN call_sentiment.blind_reviews.computed_label IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.blind_reviews.computed_step IS 'Its place in the order of labels: label_step(). NULL: it has none.';
COMMENT ON COLUMN call_sentiment.blind_reviews.confidence IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.blind_reviews.formula_version IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.blind_reviews.reviewed_at IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.blind_reviews.weight IS '1 / the probability with which the call, or the sentence of the call, was drawn. NULL: the label does not count.';
COMMENT ON COLUMN call_sentiment.blind_reviews.left_out IS 'Why the label does not count: taken_back, not_blind or outside_sample. NULL: it counts.';
