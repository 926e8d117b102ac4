-- Labels that people give, beside the computed ones, and the sample of calls that they are asked to review.

CREATE TABLE call_sentiment.label_reviews (
    review_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transcript_id bigint NOT NULL REFERENCES call_sentiment.transcripts ON DELETE CASCADE,
    position integer,
    reviewer text NOT NULL,
    reviewed_label text,
    reason text,
    is_blind boolean NOT NULL,
    computed_label text,
    confidence double precision,
    formula_version text,
    reviewed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT label_reviews_label CHECK (
        reviewed_label IN ('NEGATIVE', 'NEUTRAL', 'POSITIVE')
        OR position IS NULL AND reviewed_label IN ('VERY_NEGATIVE', 'MIXED', 'VERY_POSITIVE'))
);
CREATE INDEX label_reviews_item ON call_sentiment.label_reviews (transcript_id, position, reviewer, review_id DESC);

COMMENT ON TABLE call_sentiment.label_reviews IS 'Labels that people gave. Rows are only added: a correction is a new row, and so is the taking back of one.';
COMMENT ON COLUMN call_sentiment.label_reviews.review_id IS 'Number of the review; of one person''s reviews of the same item the highest holds.';
COMMENT ON COLUMN call_sentiment.label_reviews.transcript_id IS 'The transcript that was reviewed.';
COMMENT ON COLUMN call_sentiment.label_reviews.position IS 'Position of the sentence in sentences; NULL: the whole call.';
COMMENT ON COLUMN call_sentiment.label_reviews.reviewer IS 'Name of the Airflow user who gave it.';
COMMENT ON COLUMN call_sentiment.label_reviews.reviewed_label IS 'The label given; NULL: this person took back the one before.';
COMMENT ON COLUMN call_sentiment.label_reviews.reason IS 'Why, in the reviewer''s words.';
COMMENT ON COLUMN call_sentiment.label_reviews.is_blind IS 'True where it is this person''s first label of the item, given before the computed one was shown on the form.';
COMMENT ON COLUMN call_sentiment.label_reviews.computed_label IS 'What was computed, or given by AssemblyAI for a sentence, at that time.';
COMMENT ON COLUMN call_sentiment.label_reviews.confidence IS 'AssemblyAI''s confidence in the label of the sentence at that time; NULL for a call.';
COMMENT ON COLUMN call_sentiment.label_reviews.formula_version IS 'Version of the formulas behind the computed label of a call; NULL for a sentence.';
COMMENT ON COLUMN call_sentiment.label_reviews.reviewed_at IS 'When it was given.';

CREATE VIEW call_sentiment.current_reviews AS
SELECT newest.*
FROM (
    SELECT DISTINCT ON (transcript_id, position, reviewer)
           transcript_id, position, reviewer, review_id, reviewed_label, reason, is_blind, computed_label, confidence,
           formula_version, reviewed_at
    FROM call_sentiment.label_reviews
    ORDER BY transcript_id, position, reviewer, review_id DESC
) AS newest
WHERE newest.reviewed_label IS NOT NULL;

COMMENT ON VIEW call_sentiment.current_reviews IS 'What each person says of a call or sentence now: the newest label, without those taken back.';
COMMENT ON COLUMN call_sentiment.current_reviews.transcript_id IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.current_reviews.position IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.current_reviews.reviewer IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.current_reviews.review_id IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.current_reviews.reviewed_label IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.current_reviews.reason IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.current_reviews.is_blind IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.current_reviews.computed_label IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.current_reviews.confidence IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.current_reviews.formula_version IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.current_reviews.reviewed_at IS 'See label_reviews.';

CREATE VIEW call_sentiment.counting_reviews AS
SELECT DISTINCT ON (transcript_id) transcript_id, review_id, reviewer, reviewed_label, reviewed_at
FROM call_sentiment.current_reviews
WHERE position IS NULL
ORDER BY transcript_id, review_id DESC;

COMMENT ON VIEW call_sentiment.counting_reviews IS 'The review that counts for a call: the newest that was not taken back, whoever gave it.';
COMMENT ON COLUMN call_sentiment.counting_reviews.transcript_id IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.counting_reviews.review_id IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.counting_reviews.reviewer IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.counting_reviews.reviewed_label IS 'See label_reviews.';
COMMENT ON COLUMN call_sentiment.counting_reviews.reviewed_at IS 'See label_reviews.';

-- Permanent random numbers: whether a call belongs to a sample depends on its number and the rate alone, so samples can
-- be enlarged and their inclusion probability stays known.
CREATE TABLE call_sentiment.review_seed (
    seed uuid NOT NULL DEFAULT gen_random_uuid(),
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
INSERT INTO call_sentiment.review_seed DEFAULT VALUES;

COMMENT ON TABLE call_sentiment.review_seed IS 'One row: what the random numbers of the review sample are made of.';
COMMENT ON COLUMN call_sentiment.review_seed.seed IS 'Random, made with the table.';
COMMENT ON COLUMN call_sentiment.review_seed.only_row IS 'Keeps the table at one row.';

CREATE FUNCTION call_sentiment.review_number(item text) RETURNS double precision
LANGUAGE sql STABLE AS $$
    SELECT ('x' || substr(md5(seed || '/' || item), 1, 13))::bit(52)::bigint / 4503599627370496.0::double precision
    FROM call_sentiment.review_seed
$$;
COMMENT ON FUNCTION call_sentiment.review_number(text) IS 'The random number of a call or sentence, uniform in 0..1 and always the same.';

CREATE TABLE call_sentiment.review_draws (
    transcript_id bigint PRIMARY KEY REFERENCES call_sentiment.transcripts ON DELETE CASCADE,
    inclusion_probability double precision NOT NULL CHECK (inclusion_probability > 0 AND inclusion_probability <= 1),
    wanted_reviews smallint NOT NULL CHECK (wanted_reviews IN (1, 2)),
    drawn_by text NOT NULL,
    drawn_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE call_sentiment.review_draws IS 'The random sample of calls to review. Every published figure is made of these, weighted by 1 / inclusion_probability.';
COMMENT ON COLUMN call_sentiment.review_draws.transcript_id IS 'The transcript that was drawn.';
COMMENT ON COLUMN call_sentiment.review_draws.inclusion_probability IS 'Probability with which the call was to be drawn: the highest rate ever applied to it.';
COMMENT ON COLUMN call_sentiment.review_draws.wanted_reviews IS 'How many people are to review it, blind to each other: 2 for every tenth.';
COMMENT ON COLUMN call_sentiment.review_draws.drawn_by IS 'Airflow user who asked for the sample.';
COMMENT ON COLUMN call_sentiment.review_draws.drawn_at IS 'When it was drawn first.';

CREATE TABLE call_sentiment.review_draw_sentences (
    transcript_id bigint NOT NULL REFERENCES call_sentiment.review_draws ON DELETE CASCADE,
    position integer NOT NULL,
    inclusion_probability double precision NOT NULL CHECK (inclusion_probability > 0 AND inclusion_probability <= 1),
    PRIMARY KEY (transcript_id, position)
);

COMMENT ON TABLE call_sentiment.review_draw_sentences IS 'The random sentences of each drawn call that its reviewers are asked about.';
COMMENT ON COLUMN call_sentiment.review_draw_sentences.transcript_id IS 'The transcript that was drawn.';
COMMENT ON COLUMN call_sentiment.review_draw_sentences.position IS 'Position of the sentence.';
COMMENT ON COLUMN call_sentiment.review_draw_sentences.inclusion_probability IS 'Probability within its call; multiply it by that of the call.';

-- The views as they were, with the review that counts. LATERAL, so that one is looked up by index and not all computed.
CREATE OR REPLACE VIEW call_sentiment.call_overview AS
SELECT
    c.call_id,
    c.started_at,
    c.queue,
    c.agent_id,
    CASE
        WHEN t.state = 'scored' THEN t.status
        WHEN t.state IN ('failed', 'duplicate') THEN t.state
        ELSE 'in_progress'
    END AS status,
    replace(lower(s.label), '_', ' ') AS label,
    round(s.sentiment_score::numeric, 2) AS sentiment_score,
    round(s.score_low::numeric, 2) AS score_low,
    round(s.score_high::numeric, 2) AS score_high,
    lower(s.trend_label) AS trend_label,
    call_sentiment.as_clock(s.worst_window_start_ms / 1000) || '-'
        || call_sentiment.as_clock((s.worst_window_end_ms + 999) / 1000) AS worst_moment,
    round(roles.customer_score::numeric, 2) AS customer_score,
    round(roles.agent_score::numeric, 2) AS agent_score,
    s.sentence_count,
    coalesce(s.needs_review, false) AS needs_review,
    CASE
        WHEN t.state = 'duplicate' THEN 'same recording as call ' || t.duplicate_of
        WHEN t.state <> 'scored' THEN t.error
        WHEN t.status = 'not_analyzed' THEN
            'AssemblyAI gave no sentiment' || coalesce(' (language: ' || t.language_code || ')', '')
        WHEN t.status = 'no_speech' THEN 'nobody speaks in this recording'
        WHEN t.status = 'invalid' THEN 'no sentence of the answer is usable'
        ELSE s.review_reason
    END AS reason,
    round(t.audio_duration_s::numeric, 1) AS duration_s,
    c.recording,
    t.transcript_id,
    t.assemblyai_id,
    t.scored_at,
    nullif(array_to_string(c.notices || t.notices, '; '), '') AS notices,
    t.in_progress_since,
    replace(lower(review.reviewed_label), '_', ' ') AS reviewed_label,
    review.reviewer AS reviewed_by,
    review.reviewed_at,
    replace(lower(coalesce(review.reviewed_label, s.label)), '_', ' ') AS counting_label
FROM call_sentiment.calls AS c
JOIN call_sentiment.current_transcripts AS t ON t.call_id = c.call_id
LEFT JOIN call_sentiment.call_scores AS s
       ON s.transcript_id = t.transcript_id
      AND s.formula_version = t.formula_version
LEFT JOIN LATERAL (
    SELECT
        sum(p.value_sum) FILTER (WHERE p.role = 'customer')
            / nullif(sum(p.sentence_count - p.confidence_missing_count) FILTER (WHERE p.role = 'customer'), 0)
            AS customer_score,
        sum(p.value_sum) FILTER (WHERE p.role = 'agent')
            / nullif(sum(p.sentence_count - p.confidence_missing_count) FILTER (WHERE p.role = 'agent'), 0)
            AS agent_score
    FROM call_sentiment.speaker_scores AS p
    WHERE p.transcript_id = s.transcript_id AND p.formula_version = s.formula_version
) AS roles ON true
LEFT JOIN LATERAL (
    SELECT * FROM call_sentiment.counting_reviews AS r WHERE r.transcript_id = t.transcript_id LIMIT 1
) AS review ON true;

COMMENT ON COLUMN call_sentiment.call_overview.reviewed_label IS 'Label that a person gave; NULL: nobody has, or it was taken back. It stands beside the computed label, never over it.';
COMMENT ON COLUMN call_sentiment.call_overview.reviewed_by IS 'Airflow user who gave it.';
COMMENT ON COLUMN call_sentiment.call_overview.reviewed_at IS 'When.';
COMMENT ON COLUMN call_sentiment.call_overview.counting_label IS 'The label that counts: that of a person where there is one, else the computed one.';

CREATE OR REPLACE VIEW call_sentiment.call_listing_source AS
SELECT o.call_id, coalesce(o.started_at, c.discovered_at) AS at, o.queue, o.agent_id, o.status, s.label,
       s.sentiment_score, s.score_low, s.score_high, s.q1_score, s.q2_score, s.q3_score, s.q4_score,
       s.worst_window_start_ms, s.worst_window_end_ms, o.needs_review, review.reviewed_label, o.reason,
       o.notices, o.duration_s::double precision AS duration_s, o.transcript_id
FROM call_sentiment.call_overview AS o
JOIN call_sentiment.calls AS c ON c.call_id = o.call_id
JOIN call_sentiment.transcripts AS t ON t.transcript_id = o.transcript_id
LEFT JOIN call_sentiment.call_scores AS s
    ON s.transcript_id = t.transcript_id AND s.formula_version = t.formula_version AND t.state = 'scored'
LEFT JOIN LATERAL (
    SELECT * FROM call_sentiment.counting_reviews AS r WHERE r.transcript_id = t.transcript_id LIMIT 1
) AS review ON true;

CREATE FUNCTION call_sentiment.note_changed_reviews() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO call_sentiment.call_listing_changes (call_id)
    SELECT DISTINCT t.call_id
    FROM changed AS c
    JOIN call_sentiment.transcripts AS t ON t.transcript_id = c.transcript_id
    WHERE c.position IS NULL;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION call_sentiment.note_changed_reviews() IS 'Notes the calls of new or deleted reviews in call_listing_changes.';

CREATE TRIGGER listing_insert AFTER INSERT ON call_sentiment.label_reviews
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION call_sentiment.note_changed_reviews();
CREATE TRIGGER listing_delete AFTER DELETE ON call_sentiment.label_reviews
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION call_sentiment.note_changed_reviews();
