-- Lock a transcript until the end of the transaction; no row where somebody else has loaded it meanwhile.
SELECT transcript_id
FROM call_sentiment.transcripts
WHERE transcript_id = %(transcript_id)s AND state = 'submitted'
FOR UPDATE
