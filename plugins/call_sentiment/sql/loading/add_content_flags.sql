-- Store the content flags of one transcript, in the transaction that marks it loaded. A second time would be an error.
INSERT INTO call_sentiment.content_flags (transcript_id, position, label, confidence, severity, start_ms, end_ms)
SELECT %(transcript_id)s, f.number - 1, f.label, f.confidence, f.severity, f.start_ms, f.end_ms
FROM ROWS FROM (
    jsonb_to_recordset(%(flags)s::jsonb)
        AS (label text, confidence float8, severity float8, start_ms bigint, end_ms bigint)
) WITH ORDINALITY AS f (label, confidence, severity, start_ms, end_ms, number)
