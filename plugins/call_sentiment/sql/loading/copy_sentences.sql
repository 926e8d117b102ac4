-- Store the sentences of one transcript, in the transaction that marks it loaded. A second time would be an error.
COPY call_sentiment.sentences
    (transcript_id, position, start_ms, end_ms, sentiment, confidence, speaker, channel, role, text, raw)
FROM STDIN (FORMAT csv, NULL 'null', QUOTE '"', ESCAPE E'\\')
