-- All transcripts of a call, the latest first. Reads only.
SELECT
    t.transcript_id,
    t.recording_number,
    t.attempt,
    t.state,
    t.status,
    t.assemblyai_id,
    t.speech_model_used,
    t.language_code,
    t.created_at,
    t.submitted_at,
    t.completed_at,
    t.loaded_at,
    t.scored_at,
    t.audio_duration_s / 60 AS minutes,
    k.cost,
    k.currency,
    coalesce(k.cost_reason, CASE k.cost_status WHEN 'in_progress' THEN 'in progress'
                                               WHEN 'not_billed' THEN 'not billed' END) AS cost_reason,
    k.expected_cost,
    t.duplicate_of,
    t.failed_in,
    t.error
FROM call_sentiment.transcripts AS t
JOIN call_sentiment.transcript_costs AS k ON k.transcript_id = t.transcript_id
WHERE t.call_id = %(call_id)s
ORDER BY t.transcript_id DESC
