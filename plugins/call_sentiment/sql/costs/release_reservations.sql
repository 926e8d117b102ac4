-- Free what was set aside for intents whose run has ended without submitting them; they are held until a budget has
-- room again. Not where a submission was begun: it may have been accepted. A rerun finds none left.
UPDATE call_sentiment.transcripts AS t
SET reserved_cost = NULL, reserved_currency = NULL, reserved_at = NULL, held_at = now(), error = %(reason)s
WHERE t.state = 'intent'
  AND t.reserved_at IS NOT NULL
  AND t.posted_at IS NULL
  AND (t.claimed_by IS NULL OR t.claimed_by = %(run)s OR NOT t.claimed_by = ANY (%(active_runs)s::text[]))
