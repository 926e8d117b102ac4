-- The first sentences of a transcript in the order of their times. is_valid: the figures count it; value: what it adds
-- to the score, from -1 to 1, NULL without a usable confidence (e in docs/scores.md). Reads only.
SELECT
    s.position,
    s.start_ms,
    greatest(s.end_ms, s.start_ms) AS end_ms,
    s.sentiment,
    s.confidence,
    coalesce(nullif(s.speaker, ''), 'ch' || nullif(s.channel, ''), '__unknown__') AS speaker_key,
    s.role,
    s.text,
    left(s.raw::text, 2000) AS raw,
    coalesce(valid.is_valid, false) AS is_valid,
    CASE WHEN valid.is_valid AND s.confidence BETWEEN 0 AND 1 THEN
        (3 * greatest(s.confidence, 1.0::float8 / 3) - 1) / 2
        * CASE upper(s.sentiment) WHEN 'POSITIVE' THEN 1 WHEN 'NEUTRAL' THEN 0 ELSE -1 END
    END AS value
FROM call_sentiment.sentences AS s
CROSS JOIN LATERAL (
    SELECT upper(s.sentiment) IN ('POSITIVE', 'NEUTRAL', 'NEGATIVE')
       AND s.start_ms IS NOT NULL
       AND s.end_ms IS NOT NULL AS is_valid
) AS valid
WHERE s.transcript_id = %(transcript_id)s
ORDER BY s.start_ms, end_ms, s.position
LIMIT %(limit)s
