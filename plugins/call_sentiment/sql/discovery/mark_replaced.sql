-- Note that other audio is at the address of these calls' recordings now. A rerun changes nothing.
UPDATE call_sentiment.calls
SET recording_replaced = true
WHERE call_id = ANY (%(call_ids)s::text[])
