-- Set the expected costs of transcripts aside. One that is being submitted counts from the day on which it was. What
-- is set aside already stays, so a rerun changes nothing.
UPDATE call_sentiment.transcripts AS t
SET reserved_cost = r.cost, reserved_currency = r.currency, reserved_at = coalesce(t.submitted_at, now()),
    held_at = NULL, error = CASE WHEN t.held_at IS NULL THEN t.error END
FROM jsonb_to_recordset(%(reservations)s::jsonb) AS r (transcript_id bigint, cost numeric, currency text)
WHERE t.transcript_id = r.transcript_id
  AND t.reserved_at IS NULL
  AND (t.state IN ('intent', 'submitted') OR t.given_up_at IS NOT NULL)
