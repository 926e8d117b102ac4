-- Score the given transcripts: compute every figure of docs/scores.md, for calls and speakers, and store it.
-- Delete their rows of the same version before, in the same transaction. Figures depend on the stored sentences
-- only, so a rerun gives the same rows.
--
-- A scope is a whole call (scope = '') or one of its speakers. Each sentence counts in two scopes, so calls and
-- speakers share one set of formulas.
-- Letters are the symbols of docs/scores.md: g, e, d, u of a sentence; n, m, q, x of a scope.
-- Steps have no aliases. A column without a prefix comes from the one step that is read there.
-- Lines between "begin" and "end" are stored columns, each named by AS. A list's name in braces stands for these
-- column names; read_statement() puts them in, so a column and its value are never matched by position.
-- Comparisons with a threshold use 12 decimals, so that the order of a sum cannot decide a label.
WITH
-- One row: every constant of the formulas.
thresholds AS NOT MATERIALIZED (
    SELECT
        (1.0 / 3)::float8 AS chance,  -- the most likely of three labels has no less
        1.959964 AS z,
        5 AS label_min_m,
        6 AS trend_min_m,
        0.10 AS label_min_x,
        0.30 AS very_min_x,
        0.20 AS mixed_min_share,
        0.20 AS trend_min_slope,
        0.60::float8 AS low_confidence,
        0.40 AS review_low_confidence_share,
        3000 AS long_silence_min_ms
),
-- A row: a transcript to score.
transcripts_to_score AS (
    SELECT transcript_id, status
    FROM call_sentiment.transcripts
    WHERE transcript_id = ANY (%(transcript_ids)s::bigint[])
      AND status IS NOT NULL
),
-- A row: a scope, with sums over its sentences. LATERAL: one call at a time, its sentences are found by index and
-- sorted alone. The cost then grows with the number of calls, and no faster.
sums AS (
    SELECT of_call.*
    FROM transcripts_to_score
    CROSS JOIN thresholds
    CROSS JOIN LATERAL (
        WITH
        -- A row: a valid sentence; confidence and g are NULL unless it is rated. Without OFFSET 0, the planner
        -- computes each column anew wherever it is used. COLLATE "C" is the fastest comparison.
        valid_sentences AS (
            SELECT
                position,
                start_ms,
                greatest(end_ms, start_ms) AS end_ms,
                role,
                coalesce(nullif(speaker, ''), 'ch' || nullif(channel, ''), '__unknown__') COLLATE "C" AS speaker_key,
                CASE upper(sentiment COLLATE "C") WHEN 'POSITIVE' THEN 1 WHEN 'NEUTRAL' THEN 0 ELSE -1 END AS sign,
                CASE WHEN confidence BETWEEN 0 AND 1 THEN confidence END AS confidence,
                CASE WHEN confidence BETWEEN 0 AND 1 THEN greatest(confidence, thresholds.chance) END AS g
            FROM call_sentiment.sentences
            WHERE transcript_id = transcripts_to_score.transcript_id
              AND upper(sentiment COLLATE "C") IN ('POSITIVE', 'NEUTRAL', 'NEGATIVE')
              AND start_ms IS NOT NULL
              AND end_ms IS NOT NULL
            OFFSET 0
        ),
        -- A row: a valid sentence with its value, and its turn and time in the call.
        timed_sentences AS (
            SELECT
                start_ms, end_ms, role, speaker_key, sign, confidence, g,
                sign * (3 * g - 1) / 2 AS e,
                end_ms - start_ms AS d,
                row_number() OVER in_call AS turn,
                start_ms + end_ms - 2 * min(start_ms) OVER in_call AS twice_middle_ms,
                max(end_ms) OVER in_call - min(start_ms) OVER in_call AS span_ms
            FROM valid_sentences
            WINDOW in_call AS (
                ORDER BY start_ms, end_ms, position ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            )
        ),
        -- A row: a valid sentence in one of its two scopes.
        scoped_sentences AS (
            SELECT
                scope, start_ms, end_ms, role, sign, confidence, g, e, d, turn, twice_middle_ms, span_ms,
                twice_middle_ms / (2.0::float8 * nullif(span_ms, 0)) AS u,
                -- Integers only, so that a shift of all times moves no sentence into another quarter.
                CASE WHEN span_ms > 0 THEN least(3, 2 * twice_middle_ms / span_ms) END AS quarter,
                -- The end of all earlier sentences of this scope.
                max(end_ms) OVER (
                    PARTITION BY scope ORDER BY turn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS spoken_until_ms
            FROM timed_sentences
            CROSS JOIN LATERAL (VALUES ('' COLLATE "C"), (speaker_key)) AS scopes (scope)
        )
        SELECT
            transcripts_to_score.transcript_id,
            scope,
            max(role) AS role,
            max(span_ms) AS span_ms,
            count(*) AS n,
            count(e)::integer AS m,
            count(*) FILTER (WHERE sign = 1) AS positive_count,
            count(*) FILTER (WHERE sign = 0) AS neutral_count,
            count(*) FILTER (WHERE sign = -1) AS negative_count,
            string_agg(CASE sign WHEN -1 THEN '-' ELSE '+' END, '' ORDER BY turn) AS signs,
            sum(e) AS e_sum,
            sum(d * e) AS d_e_sum,
            nullif(sum(d) FILTER (WHERE e IS NOT NULL), 0)::float8 AS rated_d_sum,
            nullif(sum(d), 0)::float8 AS d_sum,
            sum(d) FILTER (WHERE sign = 1) AS positive_d_sum,
            sum(d) FILTER (WHERE sign = -1) AS negative_d_sum,
            sum(CASE WHEN sign = 1 THEN g ELSE (1 - g) / 2 END) AS p_positive,
            sum(CASE WHEN sign = -1 THEN g ELSE (1 - g) / 2 END) AS p_negative,
            avg(e) FILTER (WHERE quarter = 0) AS q1,
            avg(e) FILTER (WHERE quarter = 1) AS q2,
            avg(e) FILTER (WHERE quarter = 2) AS q3,
            avg(e) FILTER (WHERE quarter = 3) AS q4,
            min(twice_middle_ms) FILTER (WHERE e IS NOT NULL) < max(twice_middle_ms) FILTER (WHERE e IS NOT NULL)
                AS middles_differ,
            regr_slope(e, u) AS slope,
            regr_sxx(e, u) AS sxx,
            regr_syy(e, u) AS syy,
            regr_sxy(e, u) AS sxy,
            -- Of the rated sentences in their order: elements 1 to m.
            array_agg(e ORDER BY turn) FILTER (WHERE e IS NOT NULL) AS rated_e,
            array_agg(start_ms ORDER BY turn) FILTER (WHERE e IS NOT NULL) AS rated_start_ms,
            array_agg(end_ms ORDER BY turn) FILTER (WHERE e IS NOT NULL) AS rated_end_ms,
            avg(confidence) AS mean_confidence,
            count(*) FILTER (WHERE confidence < thresholds.low_confidence) AS low_confidence_count,
            sum(greatest(0, end_ms - greatest(start_ms, spoken_until_ms))) AS talk_ms,
            sum(sum(greatest(0, end_ms - greatest(start_ms, spoken_until_ms)))) FILTER (WHERE scope <> '') OVER ()
                AS speakers_talk_ms,
            sum(start_ms - spoken_until_ms) FILTER (WHERE start_ms - spoken_until_ms > thresholds.long_silence_min_ms)
                AS long_silence_ms,
            count(*) FILTER (WHERE start_ms - spoken_until_ms > thresholds.long_silence_min_ms) AS long_silence_count
        FROM scoped_sentences
        GROUP BY scope
    ) AS of_call
),
-- A row: a scope, with its figures. MATERIALIZED: both INSERTs read it.
figures AS MATERIALIZED (
    SELECT
        sums.transcript_id,
        sums.scope,
        sums.role,
        sums.m,
        sums.span_ms,
        sums.speakers_talk_ms,
        sums.long_silence_ms,
        sums.long_silence_count,
        sums.low_confidence_count > thresholds.review_low_confidence_share * sums.m AS has_many_low_confidences,
        -- begin shared
        sums.n AS sentence_count,
        sums.positive_count AS positive_count,
        sums.neutral_count AS neutral_count,
        sums.negative_count AS negative_count,
        sums.n - sums.m AS confidence_missing_count,
        (sums.positive_count - sums.negative_count)::float8 / sums.n AS net_sentiment,
        sums.e_sum / nullif(sums.m, 0) AS sentiment_score,
        sums.d_e_sum / sums.rated_d_sum AS sentiment_score_weighted,
        coalesce(sums.positive_d_sum, 0) / sums.d_sum AS positive_time_share,
        coalesce(sums.negative_d_sum, 0) / sums.d_sum AS negative_time_share,
        shrunk.x AS score_shrunk,
        -- greatest() and least() ignore NULL: without CASE there would be a bound where there is no score.
        CASE WHEN sums.m > 0 THEN greatest(-1, shrunk.x - score_interval.half_width) END AS score_low,
        CASE WHEN sums.m > 0 THEN least(1, shrunk.x + score_interval.half_width) END AS score_high,
        CASE
            WHEN sums.m = 0 THEN 'NONE'
            WHEN sums.m < thresholds.label_min_m THEN 'INSUFFICIENT'
            WHEN abs(round(shrunk.x::numeric, 12)) >= thresholds.label_min_x THEN
                CASE WHEN abs(round(shrunk.x::numeric, 12)) >= thresholds.very_min_x THEN 'VERY_' ELSE '' END
                || CASE WHEN shrunk.x > 0 THEN 'POSITIVE' ELSE 'NEGATIVE' END
            WHEN least(sums.positive_count, sums.negative_count) >= thresholds.mixed_min_share * sums.n THEN 'MIXED'
            ELSE 'NEUTRAL'
        END AS label,
        sums.q1 AS q1_score,
        sums.q2 AS q2_score,
        sums.q3 AS q3_score,
        sums.q4 AS q4_score,
        sums.q4 - sums.q1 AS sentiment_change,
        trend.slope AS trend_slope,
        trend.slope_se AS trend_slope_se,
        CASE
            WHEN trend.slope IS NULL THEN 'INSUFFICIENT'
            WHEN abs(round(trend.slope::numeric, 12)) < thresholds.trend_min_slope
              OR abs(trend.slope) <= thresholds.z * trend.slope_se THEN 'STABLE'
            WHEN trend.slope > 0 THEN 'IMPROVING'
            ELSE 'DECLINING'
        END AS trend_label,
        worst_window.mean_e AS worst_window_score,
        sums.rated_start_ms[worst_window.i] AS worst_window_start_ms,
        (SELECT max(ms) FROM unnest(sums.rated_end_ms[worst_window.i : worst_window.i + 4]) AS ends (ms))
            AS worst_window_end_ms,
        CASE WHEN sums.m >= 10 AND worst_window.i + 4 < sums.m - 4 THEN
            (sums.rated_e[sums.m] + sums.rated_e[sums.m - 1] + sums.rated_e[sums.m - 2] + sums.rated_e[sums.m - 3]
             + sums.rated_e[sums.m - 4]) / 5 - worst_window.mean_e
        END AS recovery,
        (SELECT max(length(runs.run)) FROM string_to_table(sums.signs, '+') AS runs (run)) AS longest_negative_run,
        sums.mean_confidence AS mean_confidence,
        sums.low_confidence_count::float8 / nullif(sums.m, 0) AS low_confidence_share,
        sums.talk_ms AS talk_time_ms,
        sums.e_sum AS value_sum
        -- end shared
    FROM sums
    CROSS JOIN thresholds
    CROSS JOIN LATERAL (
        SELECT (sums.p_positive + 1) / (sums.m + 4) AS positive, (sums.p_negative + 1) / (sums.m + 4) AS negative
    ) AS q
    CROSS JOIN LATERAL (SELECT q.positive - q.negative AS x) AS shrunk
    CROSS JOIN LATERAL (
        SELECT thresholds.z * sqrt((q.positive + q.negative - shrunk.x * shrunk.x) / (sums.m + 5)) AS half_width
    ) AS score_interval
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN sums.m >= thresholds.trend_min_m AND sums.middles_differ THEN sums.slope END AS slope,
            CASE WHEN sums.m >= thresholds.trend_min_m AND sums.middles_differ
                 THEN sqrt(greatest(0, sums.syy - sums.sxy * sums.sxy / sums.sxx) / (sums.m - 2) / sums.sxx)
            END AS slope_se
    ) AS trend
    -- One row or none: the five rated sentences from number i on whose mean is lowest; on a tie, the first.
    LEFT JOIN LATERAL (
        SELECT
            i,
            round((sums.rated_e[i] + sums.rated_e[i + 1] + sums.rated_e[i + 2] + sums.rated_e[i + 3]
                   + sums.rated_e[i + 4]) / 5 * 1e12) / 1e12 AS mean_e
        FROM generate_series(1, sums.m - 4) AS windows (i)
        ORDER BY mean_e, i
        LIMIT 1
    ) AS worst_window ON true
),
-- Stores a row per speaker.
stored_speaker_scores AS (
    INSERT INTO call_sentiment.speaker_scores ({shared}, {speaker})
    SELECT
        {shared},
        -- begin speaker
        transcript_id AS transcript_id,
        %(formula_version)s AS formula_version,
        scope AS speaker_key,
        role AS role,
        talk_time_ms / nullif(speakers_talk_ms, 0)::float8 AS talk_share
        -- end speaker
    FROM figures
    WHERE scope <> ''
)
-- Stores a row per transcript.
INSERT INTO call_sentiment.call_scores ({shared}, {call})
SELECT
    {shared},
    -- begin call
    transcripts_to_score.transcript_id AS transcript_id,
    %(formula_version)s AS formula_version,
    CASE
        WHEN transcripts_to_score.status IN ('not_analyzed', 'no_speech') THEN transcripts_to_score.status
        WHEN figures.transcript_id IS NULL THEN 'invalid'
        ELSE 'ok'
    END AS status,
    all_sentences.stored_count - figures.sentence_count AS invalid_count,
    figures.span_ms AS span_ms,
    figures.span_ms - figures.talk_time_ms AS silence_ms,
    CASE WHEN figures.sentence_count > 0 THEN coalesce(figures.long_silence_ms, 0) END AS long_silence_ms,
    figures.long_silence_count AS long_silence_count,
    figures.speakers_talk_ms - figures.talk_time_ms AS crosstalk_ms,
    coalesce(review.reason <> '', false) AS needs_review,
    nullif(review.reason, '') AS review_reason
    -- end call
FROM transcripts_to_score
LEFT JOIN figures ON figures.transcript_id = transcripts_to_score.transcript_id AND figures.scope = ''
-- LATERAL: the planner misjudges the size of a grouped subquery, and a join with one took quadratic time.
CROSS JOIN LATERAL (
    SELECT count(*) AS stored_count
    FROM call_sentiment.sentences
    WHERE transcript_id = figures.transcript_id
) AS all_sentences
CROSS JOIN LATERAL (
    SELECT concat_ws('; ',
        CASE figures.label
            WHEN 'NONE' THEN 'no confidence given'
            WHEN 'INSUFFICIENT' THEN 'too few sentences to judge'
            WHEN 'MIXED' THEN 'clearly positive and clearly negative parts'
        END,
        CASE WHEN figures.label LIKE '%%NEGATIVE' AND figures.score_high >= 0 THEN 'negative, but not certainly' END,
        CASE WHEN figures.has_many_low_confidences THEN 'many labels are uncertain' END,
        CASE WHEN figures.sentence_count > figures.m
             THEN figures.sentence_count - figures.m || ' sentence(s) without confidence'
        END,
        CASE WHEN all_sentences.stored_count > figures.sentence_count
             THEN all_sentences.stored_count - figures.sentence_count || ' unusable sentence(s)'
        END
    ) AS reason
) AS review
