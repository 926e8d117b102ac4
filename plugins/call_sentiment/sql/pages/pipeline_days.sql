-- Audio of the transcripts claimed in a period, by the day (UTC) they were loaded and by speech model. Reads only.
SELECT
    (t.loaded_at AT TIME ZONE 'UTC')::date AS day,
    t.speech_model_used AS model,
    count(*) AS transcripts,
    count(*) FILTER (WHERE t.audio_duration_s IS NULL) AS unmeasured,
    sum(t.audio_duration_s) AS audio_s
FROM call_sentiment.transcripts AS t
WHERE t.created_at > now() - make_interval(hours => %(hours)s)
  AND t.loaded_at IS NOT NULL
GROUP BY 1, 2
ORDER BY 1 DESC, 2
