-- The outcome of these calls, as call_overview has it. Reads only. A failure is retryable while the ledger would
-- still try it again.
SELECT o.call_id, o.status, o.reason, o.needs_review, o.notices, t.audio_duration_s,
       k.cost, k.currency, k.cost_status, k.cost_reason,
       o.in_progress_since AS since, t.given_up_at IS NOT NULL AS given_up,
       coalesce(t.retryable AND t.attempt < %(max_attempts)s AND NOT c.query_removed, false) AS retryable
FROM call_sentiment.call_overview AS o
JOIN call_sentiment.calls AS c ON c.call_id = o.call_id
JOIN call_sentiment.transcripts AS t ON t.transcript_id = o.transcript_id
JOIN call_sentiment.transcript_costs AS k ON k.transcript_id = o.transcript_id
WHERE o.call_id = ANY (%(call_ids)s::text[])
ORDER BY o.call_id
