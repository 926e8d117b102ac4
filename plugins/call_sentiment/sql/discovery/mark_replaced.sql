-- Note that the place of these calls' recordings holds the audio of other calls. Rerunning changes nothing.
UPDATE call_sentiment.calls
SET recording_replaced = true
WHERE call_id = ANY (%(call_ids)s::text[])
