-- Where the recording of a call is, and in which version it was last seen. Reads only.
SELECT recording, recording_version, recording_replaced
FROM call_sentiment.calls
WHERE call_id = %(call_id)s
