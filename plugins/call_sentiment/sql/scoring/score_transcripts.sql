-- Compute every figure of docs/scores.md for the given transcripts and store it, for calls and speakers alike.
-- Rows of the same transcripts and version must be deleted before, in the same transaction; they depend on the
-- stored sentences only, so scoring again gives the same rows.
-- Each sentence is looked at twice, once for its call (who = '') and once for its speaker: one set of formulas.
-- OFFSET 0 has what is above it computed once and not wherever it is used; COLLATE "C" compares the quick way.
-- Between "begin" and "end" stand columns by their names; {shared}, {speaker} and {call} are lists of these names,
-- put in when this file is read, so that nothing is matched by its place.
-- Comparisons with a threshold are made on 12 decimals, so that the order of a sum cannot decide a label.
WITH thresholds AS NOT MATERIALIZED (
    SELECT
        (1.0 / 3)::float8 AS chance,    -- the top one of three labels cannot carry less
        1.959964 AS z,
        5 AS label_from,                -- rated sentences, as the next one
        6 AS trend_from,
        0.10 AS leaning,
        0.30 AS strong,
        0.20 AS mixed_share,
        0.20 AS trend_slope,
        0.60::float8 AS low_confidence,
        0.40 AS low_confidence_share,
        3000 AS long_silence_ms
),
wanted AS (
    SELECT t.transcript_id, t.status
    FROM call_sentiment.transcripts AS t
    WHERE t.transcript_id = ANY (%(transcript_ids)s::bigint[])
      AND t.status IS NOT NULL
),
-- Call by call: a call's sentences are found by index and sorted by themselves, however many calls there are.
sums AS (
    SELECT w.transcript_id, call.*
    FROM wanted AS w
    CROSS JOIN thresholds AS h
    CROSS JOIN LATERAL (
        -- What counts as a sentence.
        WITH usable AS (
            SELECT
                s.position, s.start_ms, s.role,
                greatest(s.end_ms, s.start_ms) AS end_ms,
                CASE upper(s.sentiment COLLATE "C")
                    WHEN 'POSITIVE' THEN 1 WHEN 'NEUTRAL' THEN 0 ELSE -1
                END AS sign,
                CASE WHEN s.confidence BETWEEN 0 AND 1 THEN s.confidence END AS confidence,
                coalesce(nullif(s.speaker, ''), 'ch' || nullif(s.channel, ''), '__unknown__') COLLATE "C"
                    AS speaker_key
            FROM call_sentiment.sentences AS s
            WHERE s.transcript_id = w.transcript_id
              AND upper(s.sentiment COLLATE "C") IN ('POSITIVE', 'NEUTRAL', 'NEGATIVE')
              AND s.start_ms IS NOT NULL
              AND s.end_ms IS NOT NULL
            OFFSET 0
        ),
        told AS (
            SELECT
                u.*,
                -- greatest() would pass over a missing confidence and call it chance.
                CASE WHEN u.confidence IS NOT NULL THEN greatest(u.confidence, h.chance) END AS g,
                u.end_ms - u.start_ms AS d,
                row_number() OVER in_turn AS turn,
                u.start_ms + u.end_ms - 2 * min(u.start_ms) OVER in_turn AS twice_middle,
                max(u.end_ms) OVER in_turn - min(u.start_ms) OVER in_turn AS span_ms
            FROM usable AS u
            WINDOW in_turn AS (
                ORDER BY u.start_ms, u.end_ms, u.position
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            )
        ),
        valued AS (
            SELECT
                t.*,
                scope.who,
                t.sign * (3 * t.g - 1) / 2 AS e,
                t.twice_middle / (2.0::float8 * nullif(t.span_ms, 0)) AS u,
                -- All in integers, so that a shift of the clock moves nothing across a border.
                CASE WHEN t.span_ms > 0 THEN least(3, 2 * t.twice_middle / t.span_ms) END AS quarter
            FROM told AS t
            CROSS JOIN LATERAL (VALUES ('' COLLATE "C"), (t.speaker_key)) AS scope (who)
            OFFSET 0
        ),
        neighbours AS (
            SELECT
                v.*,
                max(v.end_ms) OVER (
                    PARTITION BY v.who ORDER BY v.turn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS covered_to_ms
            FROM valued AS v
        ),
        summed AS (
            SELECT
                n.who,
                max(n.role) AS role,
                max(n.span_ms) AS span_ms,
                count(*) AS n,
                count(n.e)::integer AS m,
                count(*) FILTER (WHERE n.sign = 1) AS positive,
                count(*) FILTER (WHERE n.sign = 0) AS neutral,
                count(*) FILTER (WHERE n.sign = -1) AS negative,
                string_agg(CASE n.sign WHEN -1 THEN '-' ELSE '+' END, '' ORDER BY n.turn) AS signs,
                sum(n.e) AS e,
                sum(n.d * n.e) AS de,
                nullif(sum(n.d) FILTER (WHERE n.e IS NOT NULL), 0)::float8 AS rated_d,
                nullif(sum(n.d), 0)::float8 AS d,
                sum(n.d) FILTER (WHERE n.sign = 1) AS positive_d,
                sum(n.d) FILTER (WHERE n.sign = -1) AS negative_d,
                sum(CASE WHEN n.sign = 1 THEN n.g ELSE (1 - n.g) / 2 END) AS p_positive,
                sum(CASE WHEN n.sign = -1 THEN n.g ELSE (1 - n.g) / 2 END) AS p_negative,
                avg(n.e) FILTER (WHERE n.quarter = 0) AS q1,
                avg(n.e) FILTER (WHERE n.quarter = 1) AS q2,
                avg(n.e) FILTER (WHERE n.quarter = 2) AS q3,
                avg(n.e) FILTER (WHERE n.quarter = 3) AS q4,
                min(n.twice_middle) FILTER (WHERE n.e IS NOT NULL)
                    < max(n.twice_middle) FILTER (WHERE n.e IS NOT NULL) AS middles_differ,
                regr_slope(n.e, n.u) AS slope,
                regr_sxx(n.e, n.u) AS sxx,
                regr_syy(n.e, n.u) AS syy,
                regr_sxy(n.e, n.u) AS sxy,
                -- The rated sentences one after the other.
                array_agg(n.e ORDER BY n.turn) FILTER (WHERE n.e IS NOT NULL) AS es,
                array_agg(n.start_ms ORDER BY n.turn) FILTER (WHERE n.e IS NOT NULL) AS starts,
                array_agg(n.end_ms ORDER BY n.turn) FILTER (WHERE n.e IS NOT NULL) AS ends,
                avg(n.confidence) AS mean_confidence,
                count(*) FILTER (WHERE n.confidence < h.low_confidence) AS low_confidences,
                sum(greatest(0, n.end_ms - greatest(n.start_ms, n.covered_to_ms))) AS talk_ms,
                sum(n.start_ms - n.covered_to_ms)
                    FILTER (WHERE n.start_ms - n.covered_to_ms > h.long_silence_ms) AS long_silence_ms,
                count(*) FILTER (WHERE n.start_ms - n.covered_to_ms > h.long_silence_ms) AS long_silences
            FROM neighbours AS n
            GROUP BY n.who
        )
        SELECT
            s.*,
            sum(s.talk_ms) FILTER (WHERE s.who <> '') OVER () AS speakers_talk_ms,
            worst.i AS worst_i,
            worst.mean AS worst_mean,
            s.starts[worst.i] AS worst_start_ms,
            greatest(s.ends[worst.i], s.ends[worst.i + 1], s.ends[worst.i + 2], s.ends[worst.i + 3],
                     s.ends[worst.i + 4]) AS worst_end_ms,
            (s.es[s.m] + s.es[s.m - 1] + s.es[s.m - 2] + s.es[s.m - 3] + s.es[s.m - 4]) / 5 AS last_mean
        FROM summed AS s
        -- Of five in a row the lowest mean, on a tie the first.
        LEFT JOIN LATERAL (
            SELECT
                p.i,
                round((s.es[p.i] + s.es[p.i + 1] + s.es[p.i + 2] + s.es[p.i + 3] + s.es[p.i + 4]) / 5 * 1e12)
                    / 1e12 AS mean
            FROM generate_series(1, s.m - 4) AS p (i)
            ORDER BY mean, p.i
            LIMIT 1
        ) AS worst ON true
    ) AS call
),
shrunk AS (
    SELECT
        s.*,
        (s.p_positive + 1) / (s.m + 4) - (s.p_negative + 1) / (s.m + 4) AS x,
        (s.p_positive + 1) / (s.m + 4) + (s.p_negative + 1) / (s.m + 4) AS decided,
        CASE WHEN s.m >= h.trend_from AND s.middles_differ THEN s.slope END AS trend_slope,
        CASE WHEN s.m >= h.trend_from AND s.middles_differ
             THEN sqrt(greatest(0, s.syy - s.sxy * s.sxy / s.sxx) / (s.m - 2) / s.sxx)
        END AS trend_slope_se
    FROM sums AS s
    CROSS JOIN thresholds AS h
),
judged AS (
    SELECT
        s.*,
        h.z * sqrt((s.decided - s.x * s.x) / (s.m + 5)) AS reach,
        CASE
            WHEN s.m = 0 THEN 'NONE'
            WHEN s.m < h.label_from THEN 'INSUFFICIENT'
            WHEN abs(round(s.x::numeric, 12)) < h.leaning THEN
                CASE WHEN least(s.positive, s.negative) >= h.mixed_share * s.n THEN 'MIXED' ELSE 'NEUTRAL' END
            ELSE CASE WHEN abs(round(s.x::numeric, 12)) >= h.strong THEN 'VERY_' ELSE '' END
                 || CASE WHEN s.x > 0 THEN 'POSITIVE' ELSE 'NEGATIVE' END
        END AS label,
        CASE
            WHEN s.trend_slope IS NULL THEN 'INSUFFICIENT'
            WHEN abs(round(s.trend_slope::numeric, 12)) < h.trend_slope
              OR abs(s.trend_slope) <= h.z * s.trend_slope_se THEN 'STABLE'
            WHEN s.trend_slope > 0 THEN 'IMPROVING'
            ELSE 'DECLINING'
        END AS trend_label,
        s.low_confidences > h.low_confidence_share * s.m AS unsure
    FROM shrunk AS s
    CROSS JOIN thresholds AS h
),
figures AS MATERIALIZED (
    SELECT
        j.transcript_id, j.who, j.role, j.m, j.unsure, j.span_ms, j.long_silences, j.long_silence_ms AS long_ms,
        j.speakers_talk_ms,
        -- begin shared
        j.n AS sentence_count,
        j.positive AS positive_count,
        j.neutral AS neutral_count,
        j.negative AS negative_count,
        j.n - j.m AS confidence_missing_count,
        (j.positive - j.negative)::float8 / j.n AS net_sentiment,
        j.e / nullif(j.m, 0) AS sentiment_score,
        j.de / j.rated_d AS sentiment_score_weighted,
        coalesce(j.positive_d, 0) / j.d AS positive_time_share,
        coalesce(j.negative_d, 0) / j.d AS negative_time_share,
        j.x AS score_shrunk,
        -- greatest() and least() pass over NULL, and would put a bound where there is no score.
        CASE WHEN j.m > 0 THEN greatest(-1, j.x - j.reach) END AS score_low,
        CASE WHEN j.m > 0 THEN least(1, j.x + j.reach) END AS score_high,
        j.label AS label,
        j.q1 AS q1_score,
        j.q2 AS q2_score,
        j.q3 AS q3_score,
        j.q4 AS q4_score,
        j.q4 - j.q1 AS sentiment_change,
        j.trend_slope AS trend_slope,
        j.trend_slope_se AS trend_slope_se,
        j.trend_label AS trend_label,
        j.worst_mean AS worst_window_score,
        j.worst_start_ms AS worst_window_start_ms,
        j.worst_end_ms AS worst_window_end_ms,
        CASE WHEN j.m >= 10 AND j.worst_i + 4 < j.m - 4 THEN j.last_mean - j.worst_mean END AS recovery,
        (SELECT max(length(r.run)) FROM string_to_table(j.signs, '+') AS r (run)) AS longest_negative_run,
        j.mean_confidence AS mean_confidence,
        j.low_confidences::float8 / nullif(j.m, 0) AS low_confidence_share,
        j.talk_ms AS talk_time_ms,
        j.e AS value_sum
        -- end shared
    FROM judged AS j
),
reviewed AS (
    SELECT
        f.*,
        t.sentences - f.sentence_count AS invalid,
        concat_ws('; ',
            CASE f.label
                WHEN 'NONE' THEN 'no confidence given'
                WHEN 'INSUFFICIENT' THEN 'too few sentences to judge'
                WHEN 'MIXED' THEN 'clearly positive and clearly negative parts'
            END,
            CASE WHEN f.label LIKE '%%NEGATIVE' AND f.score_high >= 0 THEN 'negative, but not certainly' END,
            CASE WHEN f.unsure THEN 'many labels are uncertain' END,
            CASE WHEN f.sentence_count > f.m
                 THEN f.sentence_count - f.m || ' sentence(s) without confidence'
            END,
            CASE WHEN t.sentences > f.sentence_count
                 THEN t.sentences - f.sentence_count || ' unusable sentence(s)'
            END
        ) AS reason
    FROM figures AS f
    -- By index, call by call: joined to a grouped table, misjudged by the planner, the cost was quadratic.
    CROSS JOIN LATERAL (
        SELECT count(*) AS sentences
        FROM call_sentiment.sentences AS s
        WHERE s.transcript_id = f.transcript_id
    ) AS t
    WHERE f.who = ''
),
speakers AS (
    INSERT INTO call_sentiment.speaker_scores ({speaker}, {shared})
    SELECT {speaker}, {shared}
    FROM (
        SELECT
            {shared},
            -- begin speaker
            f.transcript_id AS transcript_id,
            %(formula_version)s AS formula_version,
            f.who AS speaker_key,
            f.role AS role,
            f.talk_time_ms / nullif(f.speakers_talk_ms, 0)::float8 AS talk_share
            -- end speaker
        FROM figures AS f
        WHERE f.who <> ''
    ) AS named
)
INSERT INTO call_sentiment.call_scores ({call}, {shared})
SELECT {call}, {shared}
FROM (
    SELECT
        {shared},
        -- begin call
        w.transcript_id AS transcript_id,
        %(formula_version)s AS formula_version,
        CASE WHEN w.status IN ('not_analyzed', 'no_speech') THEN w.status
             WHEN r.transcript_id IS NULL THEN 'invalid'
             ELSE 'ok'
        END AS status,
        r.invalid AS invalid_count,
        r.span_ms AS span_ms,
        r.span_ms - r.talk_time_ms AS silence_ms,
        CASE WHEN r.sentence_count > 0 THEN coalesce(r.long_ms, 0) END AS long_silence_ms,
        r.long_silences AS long_silence_count,
        r.speakers_talk_ms - r.talk_time_ms AS crosstalk_ms,
        coalesce(r.reason <> '', false) AS needs_review,
        nullif(r.reason, '') AS review_reason
        -- end call
    FROM wanted AS w
    LEFT JOIN reviewed AS r ON r.transcript_id = w.transcript_id
) AS named
