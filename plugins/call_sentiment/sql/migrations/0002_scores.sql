-- Scores of calls and speakers (docs/scores.md defines every figure), and the views made of them.

CREATE FUNCTION call_sentiment.current_formula_version() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT '1.0' $$;
COMMENT ON FUNCTION call_sentiment.current_formula_version() IS 'The version of the formulas that the views show.';

CREATE FUNCTION call_sentiment.as_clock(seconds bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT seconds / 60 || ':' || lpad(mod(seconds, 60)::text, 2, '0') $$;
COMMENT ON FUNCTION call_sentiment.as_clock(bigint) IS 'Seconds as m:ss.';

CREATE TABLE call_sentiment.call_scores (
    transcript_id bigint NOT NULL REFERENCES call_sentiment.transcripts ON DELETE CASCADE,
    formula_version text NOT NULL,
    status text NOT NULL,
    sentence_count integer,
    positive_count integer,
    neutral_count integer,
    negative_count integer,
    invalid_count integer,
    confidence_missing_count integer,
    net_sentiment double precision,
    sentiment_score double precision,
    sentiment_score_weighted double precision,
    positive_time_share double precision,
    negative_time_share double precision,
    score_shrunk double precision,
    score_low double precision,
    score_high double precision,
    label text,
    q1_score double precision,
    q2_score double precision,
    q3_score double precision,
    q4_score double precision,
    sentiment_change double precision,
    trend_slope double precision,
    trend_slope_se double precision,
    trend_label text,
    worst_window_score double precision,
    worst_window_start_ms bigint,
    worst_window_end_ms bigint,
    recovery double precision,
    mean_confidence double precision,
    low_confidence_share double precision,
    talk_time_ms bigint,
    span_ms bigint,
    silence_ms bigint,
    long_silence_ms bigint,
    long_silence_count integer,
    crosstalk_ms bigint,
    needs_review boolean NOT NULL,
    review_reason text,
    value_sum double precision,
    scored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (transcript_id, formula_version)
);

CREATE TABLE call_sentiment.speaker_scores (
    transcript_id bigint NOT NULL REFERENCES call_sentiment.transcripts ON DELETE CASCADE,
    formula_version text NOT NULL,
    speaker_key text NOT NULL,
    role text,
    sentence_count integer NOT NULL,
    positive_count integer NOT NULL,
    neutral_count integer NOT NULL,
    negative_count integer NOT NULL,
    confidence_missing_count integer NOT NULL,
    net_sentiment double precision,
    sentiment_score double precision,
    sentiment_score_weighted double precision,
    positive_time_share double precision,
    negative_time_share double precision,
    score_shrunk double precision,
    score_low double precision,
    score_high double precision,
    label text,
    q1_score double precision,
    q2_score double precision,
    q3_score double precision,
    q4_score double precision,
    sentiment_change double precision,
    trend_slope double precision,
    trend_slope_se double precision,
    trend_label text,
    worst_window_score double precision,
    worst_window_start_ms bigint,
    worst_window_end_ms bigint,
    recovery double precision,
    mean_confidence double precision,
    low_confidence_share double precision,
    talk_time_ms bigint,
    talk_share double precision,
    value_sum double precision,
    scored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (transcript_id, formula_version, speaker_key)
);

COMMENT ON TABLE call_sentiment.call_scores IS 'One row per scored transcript: the figures of the whole call. docs/scores.md defines each.';
COMMENT ON TABLE call_sentiment.speaker_scores IS 'The same figures for each speaker of a call, on the clock of the call.';

-- The two tables share most columns, so each comment is written once.
DO $$
DECLARE
    told record;
BEGIN
    FOR told IN
        SELECT c.table_name, c.column_name, w.words
        FROM (VALUES
            ('transcript_id', 'Transcript scored.'),
            ('formula_version', 'Version of the formulas.'),
            ('status', 'ok; else the reason why there are no figures: not_analyzed, no_speech, invalid.'),
            ('speaker_key', 'Speaker label; "ch" and the channel where there is none; __unknown__ without both.'),
            ('role', 'agent, customer, ... where the call''s channels say who that is.'),
            ('sentence_count', 'Usable sentences.'),
            ('positive_count', 'Sentences labelled POSITIVE.'),
            ('neutral_count', 'Sentences labelled NEUTRAL.'),
            ('negative_count', 'Sentences labelled NEGATIVE.'),
            ('invalid_count', 'Sentences without a known label or without a time; in no other figure.'),
            ('confidence_missing_count', 'Sentences without a usable confidence: only in counts and times.'),
            ('net_sentiment', '(positive - negative) / sentences; -1..1.'),
            ('sentiment_score', 'The headline, -1..1: mean value of the sentences, each weighed by confidence beyond chance.'),
            ('sentiment_score_weighted', 'The same, weighed by the length of each sentence.'),
            ('positive_time_share', 'Share of speaking time that is in positive sentences, 0..1.'),
            ('negative_time_share', 'Share of speaking time that is in negative sentences, 0..1.'),
            ('score_shrunk', 'Score drawn towards neutral the fewer sentences there are; decides the label.'),
            ('score_low', 'Lower end of the interval around score_shrunk (descriptive, not a test).'),
            ('score_high', 'Upper end of the interval around score_shrunk.'),
            ('label', 'VERY_NEGATIVE .. VERY_POSITIVE, MIXED; INSUFFICIENT under 5 rated sentences, NONE without any.'),
            ('q1_score', 'Mean value of the sentences in the first quarter of the call''s time.'),
            ('q2_score', 'Mean value in the second quarter.'),
            ('q3_score', 'Mean value in the third quarter.'),
            ('q4_score', 'Mean value in the last quarter.'),
            ('sentiment_change', 'Last quarter minus first. Courtesies at the end lift almost every call.'),
            ('trend_slope', 'Slope of a straight line through the values, per length of the call.'),
            ('trend_slope_se', 'Standard error of that slope.'),
            ('trend_label', 'IMPROVING, DECLINING, STABLE; INSUFFICIENT where there is no slope.'),
            ('worst_window_score', 'Lowest mean value of 5 sentences in a row.'),
            ('worst_window_start_ms', 'Start of those 5 sentences: where to listen.'),
            ('worst_window_end_ms', 'End of those 5 sentences.'),
            ('recovery', 'Mean value of the last 5 sentences minus worst_window_score.'),
            ('mean_confidence', 'Mean confidence of the labels.'),
            ('low_confidence_share', 'Share of the confidences under 0.60.'),
            ('talk_time_ms', 'Time in which somebody (this speaker) speaks; overlaps count once.'),
            ('talk_share', 'Share of all speakers'' talk times, 0..1.'),
            ('span_ms', 'First start to last end.'),
            ('silence_ms', 'Part of the span in which nobody speaks.'),
            ('long_silence_ms', 'Sum of the silences longer than 3 s.'),
            ('long_silence_count', 'Number of the silences longer than 3 s.'),
            ('crosstalk_ms', 'Time spoken by several at once.'),
            ('needs_review', 'True where a person should listen before the score is believed.'),
            ('review_reason', 'Why, in words.'),
            ('value_sum', 'Sum of the values behind sentiment_score, for weighted roll-ups.'),
            ('scored_at', 'When the row was computed.')
        ) AS w (column_name, words)
        JOIN information_schema.columns AS c
          ON c.column_name = w.column_name
         AND c.table_schema = 'call_sentiment'
         AND c.table_name IN ('call_scores', 'speaker_scores')
    LOOP
        EXECUTE format('COMMENT ON COLUMN call_sentiment.%I.%I IS %L',
                       told.table_name, told.column_name, told.words);
    END LOOP;
END
$$;

-- The transcript that speaks for a call: its newest scored one; failing that the one under way, then a
-- duplicate, then the newest failure. A call that is being transcribed again keeps its figures meanwhile.
CREATE VIEW call_sentiment.current_transcripts AS
SELECT c.call_id, t.transcript_id, t.state, t.status, t.assemblyai_id, t.error, t.duplicate_of,
       t.audio_duration_s, t.language_code, t.speech_model_used, t.scored_at
FROM call_sentiment.calls AS c
CROSS JOIN LATERAL (
    SELECT *
    FROM call_sentiment.transcripts AS candidate
    WHERE candidate.call_id = c.call_id
    ORDER BY CASE candidate.state WHEN 'scored' THEN 0 WHEN 'duplicate' THEN 2 WHEN 'failed' THEN 3 ELSE 1 END,
             candidate.transcript_id DESC
    LIMIT 1
) AS t;

COMMENT ON VIEW call_sentiment.current_transcripts IS 'The transcript that speaks for each call.';
COMMENT ON COLUMN call_sentiment.current_transcripts.call_id IS 'The call.';
COMMENT ON COLUMN call_sentiment.current_transcripts.transcript_id IS 'Our number of the transcript.';
COMMENT ON COLUMN call_sentiment.current_transcripts.state IS 'How far it is: intent, submitted, loaded, scored; or failed, or duplicate.';
COMMENT ON COLUMN call_sentiment.current_transcripts.status IS 'What it holds: ok, not_analyzed, no_speech, invalid.';
COMMENT ON COLUMN call_sentiment.current_transcripts.assemblyai_id IS 'AssemblyAI''s id of the transcript.';
COMMENT ON COLUMN call_sentiment.current_transcripts.error IS 'What went wrong.';
COMMENT ON COLUMN call_sentiment.current_transcripts.duplicate_of IS 'Call with the same recording, where state is duplicate.';
COMMENT ON COLUMN call_sentiment.current_transcripts.audio_duration_s IS 'Length of the audio in seconds.';
COMMENT ON COLUMN call_sentiment.current_transcripts.language_code IS 'Language of the transcript.';
COMMENT ON COLUMN call_sentiment.current_transcripts.speech_model_used IS 'Speech model that did the work.';
COMMENT ON COLUMN call_sentiment.current_transcripts.scored_at IS 'When it was last scored.';

CREATE VIEW call_sentiment.call_overview AS
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
    t.scored_at
FROM call_sentiment.calls AS c
JOIN call_sentiment.current_transcripts AS t ON t.call_id = c.call_id
LEFT JOIN call_sentiment.call_scores AS s
       ON s.transcript_id = t.transcript_id
      AND s.formula_version = call_sentiment.current_formula_version()
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

COMMENT ON VIEW call_sentiment.call_overview IS
    'Start here: one row per call. Sentiment is judged from the words spoken: a complaint scores low for its topic.';
COMMENT ON COLUMN call_sentiment.call_overview.call_id IS 'Name of the call.';
COMMENT ON COLUMN call_sentiment.call_overview.started_at IS 'When the call began.';
COMMENT ON COLUMN call_sentiment.call_overview.queue IS 'Queue or department.';
COMMENT ON COLUMN call_sentiment.call_overview.agent_id IS 'Who took the call.';
COMMENT ON COLUMN call_sentiment.call_overview.status IS 'ok: scored. not_analyzed, no_speech, invalid: transcribed, nothing to score. failed, duplicate, in_progress: see reason.';
COMMENT ON COLUMN call_sentiment.call_overview.label IS 'very negative .. very positive, mixed; insufficient: too few sentences to judge.';
COMMENT ON COLUMN call_sentiment.call_overview.sentiment_score IS 'The headline: -1 (negative) to 1 (positive), rounded.';
COMMENT ON COLUMN call_sentiment.call_overview.score_low IS 'Lower end of the interval the label is decided by, rounded.';
COMMENT ON COLUMN call_sentiment.call_overview.score_high IS 'Upper end of that interval, rounded.';
COMMENT ON COLUMN call_sentiment.call_overview.trend_label IS 'improving, declining, stable; insufficient: too few sentences to tell.';
COMMENT ON COLUMN call_sentiment.call_overview.worst_moment IS 'Where to listen first: the 5 most negative sentences in a row, as m:ss-m:ss.';
COMMENT ON COLUMN call_sentiment.call_overview.customer_score IS 'Score of the customer''s sentences alone, where the channels are known.';
COMMENT ON COLUMN call_sentiment.call_overview.agent_score IS 'Score of the agent''s sentences alone, where the channels are known.';
COMMENT ON COLUMN call_sentiment.call_overview.sentence_count IS 'Sentences scored.';
COMMENT ON COLUMN call_sentiment.call_overview.needs_review IS 'True where a person should listen before the score is believed.';
COMMENT ON COLUMN call_sentiment.call_overview.reason IS 'Why it needs review, failed or has no score.';
COMMENT ON COLUMN call_sentiment.call_overview.duration_s IS 'Length of the recording in seconds.';
COMMENT ON COLUMN call_sentiment.call_overview.recording IS 'Where the recording is.';
COMMENT ON COLUMN call_sentiment.call_overview.transcript_id IS 'Our number of the transcript: key into sentences, call_scores, speaker_scores.';
COMMENT ON COLUMN call_sentiment.call_overview.assemblyai_id IS 'AssemblyAI''s id of the transcript.';
COMMENT ON COLUMN call_sentiment.call_overview.scored_at IS 'When it was scored.';

CREATE VIEW call_sentiment.daily_scores AS
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
      AND s.formula_version = call_sentiment.current_formula_version()
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

COMMENT ON VIEW call_sentiment.daily_scores IS
    'Calls per day, queue and agent. Every score weighs sentences, not calls: a call of 200 counts a hundred times one of 2.';
COMMENT ON COLUMN call_sentiment.daily_scores.day IS 'Day (UTC) the call began; where that is unknown, the day its recording was found.';
COMMENT ON COLUMN call_sentiment.daily_scores.queue IS 'Queue or department; NULL: unknown.';
COMMENT ON COLUMN call_sentiment.daily_scores.agent_id IS 'Who took the calls; NULL: unknown.';
COMMENT ON COLUMN call_sentiment.daily_scores.call_count IS 'All calls, scored or not.';
COMMENT ON COLUMN call_sentiment.daily_scores.scored_call_count IS 'Calls with a score.';
COMMENT ON COLUMN call_sentiment.daily_scores.failed_call_count IS 'Calls that could not be transcribed.';
COMMENT ON COLUMN call_sentiment.daily_scores.needs_review_count IS 'Calls a person should listen to before their score is believed.';
COMMENT ON COLUMN call_sentiment.daily_scores.sentence_count IS 'Sentences scored.';
COMMENT ON COLUMN call_sentiment.daily_scores.positive_count IS 'Sentences labelled POSITIVE.';
COMMENT ON COLUMN call_sentiment.daily_scores.neutral_count IS 'Sentences labelled NEUTRAL.';
COMMENT ON COLUMN call_sentiment.daily_scores.negative_count IS 'Sentences labelled NEGATIVE.';
COMMENT ON COLUMN call_sentiment.daily_scores.net_sentiment IS '(positive - negative) / sentences; -1..1.';
COMMENT ON COLUMN call_sentiment.daily_scores.sentiment_score IS 'Mean value of all sentences; -1..1.';
COMMENT ON COLUMN call_sentiment.daily_scores.customer_score IS 'The same over the customers'' sentences, where the channels are known.';
COMMENT ON COLUMN call_sentiment.daily_scores.agent_score IS 'The same over the agents'' sentences, where the channels are known.';
COMMENT ON COLUMN call_sentiment.daily_scores.talk_minutes IS 'Minutes in which somebody speaks.';
COMMENT ON COLUMN call_sentiment.daily_scores.audio_minutes IS 'Minutes of audio transcribed.';
