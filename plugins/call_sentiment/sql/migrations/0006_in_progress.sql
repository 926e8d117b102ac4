-- Runs of the Dag overlap, and jobs that take too long are given up until they end after all.

ALTER TABLE call_sentiment.transcripts
    ADD COLUMN claimed_by text,
    ADD COLUMN given_up_at timestamptz,
    ADD CONSTRAINT transcripts_given_up CHECK (given_up_at IS NULL OR (state = 'failed' AND assemblyai_id IS NOT NULL));

COMMENT ON COLUMN call_sentiment.transcripts.claimed_by IS 'Dag and run that submit it; the claim ends with that run.';
COMMENT ON COLUMN call_sentiment.transcripts.given_up_at IS 'When AssemblyAI was last found still working on it, long after its time; it is loaded should it complete.';

CREATE INDEX transcripts_given_up_at ON call_sentiment.transcripts (given_up_at) WHERE given_up_at IS NOT NULL;

CREATE OR REPLACE VIEW call_sentiment.current_transcripts AS
SELECT c.call_id, t.transcript_id, t.state, t.status, t.assemblyai_id, t.error, t.duplicate_of,
       t.audio_duration_s, t.language_code, t.speech_model_used, t.scored_at,
       t.formula_version, t.notices,
       CASE WHEN t.state IN ('intent', 'submitted', 'loaded') THEN coalesce(t.submitted_at, t.created_at) END
           AS in_progress_since
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

COMMENT ON COLUMN call_sentiment.current_transcripts.in_progress_since IS 'When AssemblyAI accepted it, or it was claimed, where it is not at an end.';

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
    t.in_progress_since
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
) AS roles ON true;

COMMENT ON COLUMN call_sentiment.call_overview.in_progress_since IS 'Since when a call is in progress: submitted, or found where that is still to come.';
