-- Compute every figure of docs/scores.md for the given transcripts and store it, for calls and speakers alike.
-- Rows of the same transcripts and version must be deleted before, in the same transaction; they depend on the
-- stored sentences only, so scoring again gives the same rows.
-- Each sentence is looked at twice, once for its call (who = '') and once for its speaker: one set of formulas.
-- Comparisons with a threshold are made on 12 decimals, so that the order of a sum cannot decide a label.
WITH thresholds AS (
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
-- What counts as a sentence.
usable AS (
    SELECT
        s.transcript_id, s.position, s.start_ms, s.role,
        greatest(s.end_ms, s.start_ms) AS end_ms,
        CASE upper(s.sentiment) WHEN 'POSITIVE' THEN 1 WHEN 'NEUTRAL' THEN 0 ELSE -1 END AS sign,
        CASE WHEN s.confidence BETWEEN 0 AND 1 THEN s.confidence END AS confidence,
        coalesce(nullif(s.speaker, ''), 'ch' || nullif(s.channel, ''), '__unknown__') AS speaker_key
    FROM wanted AS w
    JOIN call_sentiment.sentences AS s ON s.transcript_id = w.transcript_id
    WHERE upper(s.sentiment) IN ('POSITIVE', 'NEUTRAL', 'NEGATIVE')
      AND s.start_ms IS NOT NULL
      AND s.end_ms IS NOT NULL
),
clocked AS (
    SELECT
        u.*,
        -- greatest() would pass over a missing confidence and call it chance.
        CASE WHEN u.confidence IS NOT NULL THEN greatest(u.confidence, h.chance) END AS g,
        u.end_ms - u.start_ms AS d,
        min(u.start_ms) OVER call AS first_start_ms,
        max(u.end_ms) OVER call - min(u.start_ms) OVER call AS span_ms,
        h.low_confidence, h.long_silence_ms
    FROM usable AS u
    CROSS JOIN thresholds AS h
    WINDOW call AS (PARTITION BY u.transcript_id)
),
valued AS (
    SELECT
        c.transcript_id, scope.who, c.role, c.position, c.start_ms, c.end_ms, c.d, c.sign, c.g, c.confidence,
        c.span_ms, c.low_confidence, c.long_silence_ms,
        c.sign * (3 * c.g - 1) / 2 AS e,
        -- All in integers, so that a shift of the clock moves nothing across a border.
        c.start_ms + c.end_ms - 2 * c.first_start_ms AS twice_middle,
        CASE WHEN c.span_ms > 0
             THEN least(3, 2 * (c.start_ms + c.end_ms - 2 * c.first_start_ms) / c.span_ms)
        END AS quarter
    FROM clocked AS c
    CROSS JOIN LATERAL (VALUES (''), (c.speaker_key)) AS scope (who)
),
neighbours AS (
    SELECT
        v.*,
        max(v.end_ms) OVER (told ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered_to_ms,
        row_number() OVER rated AS rank,
        count(v.e) OVER (PARTITION BY v.transcript_id, v.who) AS m,
        count(v.e) OVER (rated ROWS BETWEEN CURRENT ROW AND 4 FOLLOWING) AS window_count,
        avg(v.e) OVER (rated ROWS BETWEEN CURRENT ROW AND 4 FOLLOWING) AS window_mean,
        max(v.end_ms) OVER (rated ROWS BETWEEN CURRENT ROW AND 4 FOLLOWING) AS window_end_ms
    FROM valued AS v
    WINDOW
        told AS (PARTITION BY v.transcript_id, v.who ORDER BY v.start_ms, v.end_ms, v.position),
        rated AS (PARTITION BY v.transcript_id, v.who, v.e IS NULL ORDER BY v.start_ms, v.end_ms, v.position)
),
sums AS (
    SELECT
        n.transcript_id,
        n.who,
        max(n.role) AS role,
        max(n.m) AS m,
        max(n.span_ms) AS span_ms,
        count(*) AS n,
        count(*) FILTER (WHERE n.sign = 1) AS positive,
        count(*) FILTER (WHERE n.sign = 0) AS neutral,
        count(*) FILTER (WHERE n.sign = -1) AS negative,
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
        regr_slope(n.e, n.twice_middle / (2.0::float8 * nullif(n.span_ms, 0))) AS slope,
        regr_sxx(n.e, n.twice_middle / (2.0::float8 * nullif(n.span_ms, 0))) AS sxx,
        regr_syy(n.e, n.twice_middle / (2.0::float8 * nullif(n.span_ms, 0))) AS syy,
        regr_sxy(n.e, n.twice_middle / (2.0::float8 * nullif(n.span_ms, 0))) AS sxy,
        -- Arrays compare from the left: the lowest mean, on a tie the first; its place rides along.
        min(ARRAY[round(n.window_mean * 1e12), n.rank, n.start_ms, n.window_end_ms]::float8[])
            FILTER (WHERE n.e IS NOT NULL AND n.window_count = 5) AS worst,
        avg(n.e) FILTER (WHERE n.rank > n.m - 5) AS last_mean,
        avg(n.confidence) AS mean_confidence,
        count(*) FILTER (WHERE n.confidence < n.low_confidence) AS low_confidences,
        sum(greatest(0, n.end_ms - greatest(n.start_ms, n.covered_to_ms))) AS talk_ms,
        sum(n.start_ms - n.covered_to_ms)
            FILTER (WHERE n.start_ms - n.covered_to_ms > n.long_silence_ms) AS long_silence_ms,
        count(*) FILTER (WHERE n.start_ms - n.covered_to_ms > n.long_silence_ms) AS long_silences
    FROM neighbours AS n
    GROUP BY n.transcript_id, n.who
),
shrunk AS (
    SELECT
        s.*,
        sum(s.talk_ms) FILTER (WHERE s.who <> '') OVER (PARTITION BY s.transcript_id) AS speakers_talk_ms,
        (s.p_positive + 1) / (s.m + 4) - (s.p_negative + 1) / (s.m + 4) AS x,
        (s.p_positive + 1) / (s.m + 4) + (s.p_negative + 1) / (s.m + 4) AS decided,
        CASE WHEN s.m >= h.trend_from AND s.middles_differ THEN s.slope END AS trend_slope,
        CASE WHEN s.m >= h.trend_from AND s.middles_differ
             THEN sqrt(greatest(0, s.syy - s.sxy * s.sxy / s.sxx) / (s.m - 2) / s.sxx)
        END AS trend_slope_se,
        s.worst[1] / 1e12 AS worst_mean
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
        j.*,
        (j.positive - j.negative)::float8 / j.n AS net,
        -- greatest() and least() pass over NULL, and would put a bound where there is no score.
        CASE WHEN j.m > 0 THEN greatest(-1, j.x - j.reach) END AS low,
        CASE WHEN j.m > 0 THEN least(1, j.x + j.reach) END AS high,
        j.e / nullif(j.m, 0) AS score,
        j.de / j.rated_d AS score_weighted,
        coalesce(j.positive_d, 0) / j.d AS positive_time,
        coalesce(j.negative_d, 0) / j.d AS negative_time,
        j.low_confidences::float8 / nullif(j.m, 0) AS low_share,
        CASE WHEN j.m >= 10 AND j.worst[2] + 4 < j.m - 4 THEN j.last_mean - j.worst_mean END AS recovery
    FROM judged AS j
),
reviewed AS (
    SELECT
        f.*,
        t.sentences - f.n AS invalid,
        concat_ws('; ',
            CASE f.label
                WHEN 'NONE' THEN 'no confidence given'
                WHEN 'INSUFFICIENT' THEN 'too few sentences to judge'
                WHEN 'MIXED' THEN 'clearly positive and clearly negative parts'
            END,
            CASE WHEN f.label LIKE '%%NEGATIVE' AND f.high >= 0 THEN 'negative, but not certainly' END,
            CASE WHEN f.unsure THEN 'many labels are uncertain' END,
            CASE WHEN f.n > f.m THEN f.n - f.m || ' sentence(s) without confidence' END,
            CASE WHEN t.sentences > f.n THEN t.sentences - f.n || ' unusable sentence(s)' END
        ) AS reason
    FROM figures AS f
    -- Per call by the index: joined to a grouped table, both sides misjudged by the planner, the cost was quadratic.
    CROSS JOIN LATERAL (
        SELECT count(*) AS sentences
        FROM call_sentiment.sentences AS s
        WHERE s.transcript_id = f.transcript_id
    ) AS t
    WHERE f.who = ''
),
speakers AS (
    INSERT INTO call_sentiment.speaker_scores (
        transcript_id, formula_version, speaker_key, role, sentence_count, positive_count, neutral_count,
        negative_count, confidence_missing_count, net_sentiment, sentiment_score, sentiment_score_weighted,
        positive_time_share, negative_time_share, score_shrunk, score_low, score_high, label,
        q1_score, q2_score, q3_score, q4_score, sentiment_change, trend_slope, trend_slope_se, trend_label,
        worst_window_score, worst_window_start_ms, worst_window_end_ms, recovery, mean_confidence,
        low_confidence_share, talk_time_ms, talk_share, value_sum
    )
    SELECT
        f.transcript_id, %(formula_version)s, f.who, f.role, f.n, f.positive, f.neutral,
        f.negative, f.n - f.m, f.net, f.score, f.score_weighted,
        f.positive_time, f.negative_time, f.x, f.low, f.high, f.label,
        f.q1, f.q2, f.q3, f.q4, f.q4 - f.q1, f.trend_slope, f.trend_slope_se, f.trend_label,
        f.worst_mean, f.worst[3], f.worst[4], f.recovery, f.mean_confidence,
        f.low_share, f.talk_ms, f.talk_ms / nullif(f.speakers_talk_ms, 0)::float8, f.e
    FROM figures AS f
    WHERE f.who <> ''
)
INSERT INTO call_sentiment.call_scores (
    transcript_id, formula_version, status, sentence_count, positive_count, neutral_count,
    negative_count, invalid_count, confidence_missing_count, net_sentiment, sentiment_score,
    sentiment_score_weighted, positive_time_share, negative_time_share, score_shrunk, score_low, score_high,
    label, q1_score, q2_score, q3_score, q4_score, sentiment_change, trend_slope, trend_slope_se, trend_label,
    worst_window_score, worst_window_start_ms, worst_window_end_ms, recovery, mean_confidence,
    low_confidence_share, talk_time_ms, span_ms, silence_ms, long_silence_ms, long_silence_count,
    crosstalk_ms, needs_review, review_reason, value_sum
)
SELECT
    w.transcript_id,
    %(formula_version)s,
    CASE WHEN w.status IN ('not_analyzed', 'no_speech') THEN w.status
         WHEN r.transcript_id IS NULL THEN 'invalid'
         ELSE 'ok'
    END,
    r.n, r.positive, r.neutral,
    r.negative, r.invalid, r.n - r.m, r.net, r.score,
    r.score_weighted, r.positive_time, r.negative_time, r.x, r.low, r.high,
    r.label, r.q1, r.q2, r.q3, r.q4, r.q4 - r.q1, r.trend_slope, r.trend_slope_se, r.trend_label,
    r.worst_mean, r.worst[3], r.worst[4], r.recovery, r.mean_confidence,
    r.low_share, r.talk_ms, r.span_ms, r.span_ms - r.talk_ms,
    CASE WHEN r.n > 0 THEN coalesce(r.long_silence_ms, 0) END, r.long_silences,
    r.speakers_talk_ms - r.talk_ms, coalesce(r.reason <> '', false), nullif(r.reason, ''), r.e
FROM wanted AS w
LEFT JOIN reviewed AS r ON r.transcript_id = w.transcript_id
