-- One row per call: how far it is, its labels, and what to do about it.
SELECT
    call_id,
    transcript_id,
    status,
    label,
    reviewed_label,
    counting_label,
    trend_label,
    needs_review,
    reason,
    notices,
    duration_s,
    in_progress_since,
    scored_at
FROM {{ source('call_sentiment', 'call_overview') }}
