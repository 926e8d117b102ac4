-- The first sentences of a transcript in the order of their times, for a person who is to label them: nothing of what
-- was computed. is_asked: it was drawn for the sample. Reads only.
SELECT
    s.position,
    s.start_ms,
    greatest(s.end_ms, s.start_ms) AS end_ms,
    coalesce(nullif(s.speaker, ''), 'ch' || nullif(s.channel, ''), '__unknown__') AS speaker_key,
    s.role,
    s.text,
    upper(s.sentiment) IN ('POSITIVE', 'NEUTRAL', 'NEGATIVE')
        AND s.start_ms IS NOT NULL
        AND s.end_ms IS NOT NULL AS is_valid,
    d.position IS NOT NULL AS is_asked
FROM call_sentiment.sentences AS s
LEFT JOIN call_sentiment.review_draw_sentences AS d
    ON d.transcript_id = s.transcript_id AND d.position = s.position
WHERE s.transcript_id = %(transcript_id)s
ORDER BY s.start_ms, end_ms, s.position
LIMIT %(limit)s
