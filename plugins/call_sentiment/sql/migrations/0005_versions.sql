-- A transcript shows the scores it has until it has those of a newer version of the formulas. Version 1.1 of them
-- adds longest_negative_run. And call_overview shows the notices, and since when a call is in progress.

-- All there is was scored by version 1.0. As a default that is said without writing a row of the scored ones.
ALTER TABLE call_sentiment.transcripts
    ADD COLUMN formula_version text DEFAULT '1.0',
    ADD COLUMN sentences_deleted boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT transcripts_scored_version CHECK (state <> 'scored' OR formula_version IS NOT NULL);
ALTER TABLE call_sentiment.transcripts ALTER COLUMN formula_version DROP DEFAULT;
UPDATE call_sentiment.transcripts SET formula_version = NULL WHERE state <> 'scored';

COMMENT ON COLUMN call_sentiment.transcripts.formula_version IS 'Version of the formulas whose scores are shown for it: the one it was last scored by.';
COMMENT ON COLUMN call_sentiment.transcripts.sentences_deleted IS 'True where its sentences were found deleted when it was to be scored again: it keeps the scores it has.';

-- What is to be scored again by new formulas: version by version, the newest transcripts first.
CREATE INDEX transcripts_by_version ON call_sentiment.transcripts (formula_version, transcript_id)
    WHERE state = 'scored' AND NOT sentences_deleted;

-- From one version to the next through the index: as many probes as there are versions, however long the history.
CREATE VIEW call_sentiment.shown_versions AS
WITH RECURSIVE versions (formula_version) AS (
    SELECT min(t.formula_version)
    FROM call_sentiment.transcripts AS t
    WHERE t.state = 'scored' AND NOT t.sentences_deleted
    UNION ALL
    SELECT (
        SELECT min(t.formula_version)
        FROM call_sentiment.transcripts AS t
        WHERE t.state = 'scored' AND NOT t.sentences_deleted AND t.formula_version > v.formula_version
    )
    FROM versions AS v
    WHERE v.formula_version IS NOT NULL
)
SELECT v.formula_version FROM versions AS v WHERE v.formula_version IS NOT NULL;

COMMENT ON VIEW call_sentiment.shown_versions IS 'The versions of the formulas by which transcripts are scored that have their sentences.';
COMMENT ON COLUMN call_sentiment.shown_versions.formula_version IS 'Version of the formulas.';

-- The views as they were, but for the version of the scores and the notices.
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

COMMENT ON COLUMN call_sentiment.current_transcripts.formula_version IS 'Version of the formulas whose scores are shown for it.';
COMMENT ON COLUMN call_sentiment.current_transcripts.in_progress_since IS 'When AssemblyAI accepted it, or it was claimed, where it is not at an end.';
COMMENT ON COLUMN call_sentiment.current_transcripts.notices IS 'What does not match between the call and this transcript.';

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
COMMENT ON COLUMN call_sentiment.call_overview.notices IS 'What does not match in what is known of the call: its sidecar, its recording, its transcript.';

CREATE OR REPLACE VIEW call_sentiment.daily_scores AS
SELECT
    (coalesce(c.started_at, c.discovered_at) AT TIME ZONE 'UTC')::date AS day,
    c.queue,
    c.agent_id,
    count(*) AS call_count,
    count(*) FILTER (WHERE s.status = 'ok') AS scored_call_count,
    count(*) FILTER (WHERE t.state = 'failed') AS failed_call_count,
    count(*) FILTER (WHERE s.needs_review) AS needs_review_count,
    coalesce(sum(s.sentence_count), 0) AS sentence_count,
    coalesce(sum(s.positive_count), 0) AS positive_count,
    coalesce(sum(s.neutral_count), 0) AS neutral_count,
    coalesce(sum(s.negative_count), 0) AS negative_count,
    sum(s.positive_count - s.negative_count)::double precision / nullif(sum(s.sentence_count), 0) AS net_sentiment,
    sum(s.value_sum) / nullif(sum(s.sentence_count - s.confidence_missing_count), 0) AS sentiment_score,
    sum(roles.customer_sum) / nullif(sum(roles.customer_count), 0) AS customer_score,
    sum(roles.agent_sum) / nullif(sum(roles.agent_count), 0) AS agent_score,
    sum(s.talk_time_ms) / 60000.0 AS talk_minutes,
    sum(t.audio_duration_s) / 60 AS audio_minutes
FROM call_sentiment.calls AS c
JOIN call_sentiment.current_transcripts AS t ON t.call_id = c.call_id
LEFT JOIN call_sentiment.call_scores AS s
       ON s.transcript_id = t.transcript_id
      AND s.formula_version = t.formula_version
LEFT JOIN LATERAL (
    SELECT
        sum(p.value_sum) FILTER (WHERE p.role = 'customer') AS customer_sum,
        sum(p.sentence_count - p.confidence_missing_count) FILTER (WHERE p.role = 'customer') AS customer_count,
        sum(p.value_sum) FILTER (WHERE p.role = 'agent') AS agent_sum,
        sum(p.sentence_count - p.confidence_missing_count) FILTER (WHERE p.role = 'agent') AS agent_count
    FROM call_sentiment.speaker_scores AS p
    WHERE p.transcript_id = s.transcript_id AND p.formula_version = s.formula_version
) AS roles ON true
GROUP BY 1, 2, 3;

DROP FUNCTION call_sentiment.current_formula_version();

-- A figure of calls and speakers alike.
DO $$
DECLARE
    scores regclass;
BEGIN
    FOREACH scores IN ARRAY ARRAY['call_sentiment.call_scores', 'call_sentiment.speaker_scores']::regclass[] LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN longest_negative_run integer', scores);
        EXECUTE format('COMMENT ON COLUMN %s.longest_negative_run IS %L', scores,
                       'Most sentences labelled NEGATIVE in a row; 0: none is. NULL in scores by version 1.0.');
    END LOOP;
END
$$;
