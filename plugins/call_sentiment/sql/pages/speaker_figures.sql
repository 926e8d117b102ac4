-- The figures of each speaker of a call, who speaks most first. Reads only.
SELECT *
FROM call_sentiment.speaker_scores
WHERE transcript_id = %(transcript_id)s
  AND formula_version = %(formula_version)s
ORDER BY talk_time_ms DESC NULLS LAST, speaker_key
