-- Sensitive topics that AssemblyAI found, where the run asked for them (transcript_options {"content_safety": true}).

ALTER TABLE call_sentiment.transcripts ADD COLUMN content_status text
    CHECK (content_status IN ('analyzed', 'not_requested', 'unavailable'));
COMMENT ON COLUMN call_sentiment.transcripts.content_status IS 'Whether the content was moderated: analyzed, not_requested, or unavailable (asked for, and no result came). NULL: not loaded, or loaded before this was noted without being asked for.';

CREATE TABLE call_sentiment.content_flags (
    transcript_id bigint NOT NULL REFERENCES call_sentiment.transcripts ON DELETE CASCADE,
    position integer NOT NULL,
    label text NOT NULL,
    confidence double precision,
    severity double precision,
    start_ms bigint,
    end_ms bigint,
    PRIMARY KEY (transcript_id, position)
);

COMMENT ON TABLE call_sentiment.content_flags IS 'One row per sensitive topic in a section of a call. Without rows, transcripts.content_status says whether there is none or nobody looked.';
COMMENT ON COLUMN call_sentiment.content_flags.transcript_id IS 'The transcript.';
COMMENT ON COLUMN call_sentiment.content_flags.position IS 'Place in AssemblyAI''s answer, from 0.';
COMMENT ON COLUMN call_sentiment.content_flags.label IS 'AssemblyAI''s name of the topic, such as profanity.';
COMMENT ON COLUMN call_sentiment.content_flags.confidence IS 'How sure AssemblyAI is, 0..1.';
COMMENT ON COLUMN call_sentiment.content_flags.severity IS 'How severe it is, 0..1.';
COMMENT ON COLUMN call_sentiment.content_flags.start_ms IS 'Start of the section; its words are those sentences that begin in it.';
COMMENT ON COLUMN call_sentiment.content_flags.end_ms IS 'End of the section.';

-- Transcripts that asked for it before have the result in their answer.
UPDATE call_sentiment.transcripts
SET content_status = CASE
        WHEN answer #>> '{content_safety_labels,status}' = 'success' THEN 'analyzed'
        ELSE 'unavailable'
    END
WHERE state IN ('loaded', 'scored') AND options @> '{"content_safety": true}';

INSERT INTO call_sentiment.content_flags (transcript_id, position, label, confidence, severity, start_ms, end_ms)
SELECT t.transcript_id,
       row_number() OVER (PARTITION BY t.transcript_id ORDER BY sections.number, labels.number) - 1,
       left(labels.label ->> 'label', 200),
       CASE WHEN jsonb_typeof(labels.label -> 'confidence') = 'number' THEN (labels.label ->> 'confidence')::float8 END,
       CASE WHEN jsonb_typeof(labels.label -> 'severity') = 'number' THEN (labels.label ->> 'severity')::float8 END,
       CASE WHEN jsonb_typeof(sections.section #> '{timestamp,start}') = 'number'
            THEN round((sections.section #>> '{timestamp,start}')::numeric)::bigint END,
       CASE WHEN jsonb_typeof(sections.section #> '{timestamp,end}') = 'number'
            THEN round((sections.section #>> '{timestamp,end}')::numeric)::bigint END
FROM call_sentiment.transcripts AS t
CROSS JOIN LATERAL jsonb_path_query(t.answer, '$.content_safety_labels.results[*]')
    WITH ORDINALITY AS sections (section, number)
CROSS JOIN LATERAL jsonb_path_query(sections.section, '$.labels[*] ? (@.label.type() == "string")')
    WITH ORDINALITY AS labels (label, number)
WHERE t.content_status = 'analyzed';

CREATE OR REPLACE VIEW call_sentiment.current_transcripts AS
SELECT c.call_id, t.transcript_id, t.state, t.status, t.assemblyai_id, t.error, t.duplicate_of,
       t.audio_duration_s, t.language_code, t.speech_model_used, t.scored_at,
       t.formula_version, t.notices,
       CASE WHEN t.state IN ('intent', 'submitted', 'loaded') THEN coalesce(t.submitted_at, t.created_at) END
           AS in_progress_since,
       -- Before this migration nobody noted what was not asked for.
       CASE WHEN t.state IN ('loaded', 'scored') THEN coalesce(t.content_status, 'not_requested') END AS content_status
FROM call_sentiment.calls AS c
CROSS JOIN LATERAL (
    SELECT *
    FROM call_sentiment.transcripts AS candidate
    WHERE candidate.call_id = c.call_id
    ORDER BY candidate.recording_number = c.recording_number AND candidate.state IN ('scored', 'duplicate') DESC,
             CASE candidate.state WHEN 'scored' THEN 0 WHEN 'duplicate' THEN 2 WHEN 'failed' THEN 3 ELSE 1 END,
             candidate.transcript_id DESC
    LIMIT 1
) AS t;

COMMENT ON COLUMN call_sentiment.current_transcripts.content_status IS 'As in transcripts, with not_requested for what was loaded before this was noted.';

-- The view as it was, with the content flags.
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
    replace(lower(coalesce(review.reviewed_label, s.label)), '_', ' ') AS counting_label,
    t.content_status,
    CASE WHEN t.content_status = 'analyzed' THEN content.flag_count END AS content_flag_count,
    content.worst_flag AS worst_content_flag
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
) AS review ON true
LEFT JOIN LATERAL (
    SELECT count(*)::integer AS flag_count,
           (array_agg(f.label ORDER BY f.severity DESC NULLS LAST, f.confidence DESC NULLS LAST, f.label))[1] AS worst_flag
    FROM call_sentiment.content_flags AS f
    WHERE f.transcript_id = t.transcript_id AND t.content_status = 'analyzed'
) AS content ON true;

COMMENT ON COLUMN call_sentiment.call_overview.content_status IS 'Whether the content was moderated: analyzed, not_requested, or unavailable (asked for, and no result came). NULL: not loaded.';
COMMENT ON COLUMN call_sentiment.call_overview.content_flag_count IS 'Content flags of the call; 0: AssemblyAI looked and found none. NULL: not analyzed.';
COMMENT ON COLUMN call_sentiment.call_overview.worst_content_flag IS 'Label of the most severe one. NULL: there is none, or not analyzed.';

ALTER TABLE call_sentiment.call_listing ADD COLUMN content_flag_count integer, ADD COLUMN worst_content_flag text;
COMMENT ON COLUMN call_sentiment.call_listing.content_flag_count IS 'As in call_overview.';
COMMENT ON COLUMN call_sentiment.call_listing.worst_content_flag IS 'As in call_overview.';

CREATE OR REPLACE VIEW call_sentiment.call_listing_source AS
SELECT o.call_id, coalesce(o.started_at, c.discovered_at) AS at, o.queue, o.agent_id, o.status, s.label,
       s.sentiment_score, s.score_low, s.score_high, s.q1_score, s.q2_score, s.q3_score, s.q4_score,
       s.worst_window_start_ms, s.worst_window_end_ms, o.needs_review, review.reviewed_label, o.reason,
       o.notices, o.duration_s::double precision AS duration_s, o.transcript_id,
       o.content_flag_count, o.worst_content_flag
FROM call_sentiment.call_overview AS o
JOIN call_sentiment.calls AS c ON c.call_id = o.call_id
JOIN call_sentiment.transcripts AS t ON t.transcript_id = o.transcript_id
LEFT JOIN call_sentiment.call_scores AS s
    ON s.transcript_id = t.transcript_id AND s.formula_version = t.formula_version AND t.state = 'scored'
LEFT JOIN LATERAL (
    SELECT * FROM call_sentiment.counting_reviews AS r WHERE r.transcript_id = t.transcript_id LIMIT 1
) AS review ON true;
COMMENT ON COLUMN call_sentiment.call_listing_source.content_flag_count IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.worst_content_flag IS 'See call_listing.';

CREATE INDEX call_listing_flagged ON call_sentiment.call_listing (at, call_id) WHERE content_flag_count > 0;
CREATE INDEX call_listing_flagged_score ON call_sentiment.call_listing (sentiment_score, call_id)
    WHERE content_flag_count > 0;
CREATE INDEX call_listing_unflagged ON call_sentiment.call_listing (at, call_id) WHERE content_flag_count = 0;
CREATE INDEX call_listing_unflagged_score ON call_sentiment.call_listing (sentiment_score, call_id)
    WHERE content_flag_count = 0;
