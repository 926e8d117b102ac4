-- The AssemblyAI ids of the jobs in progress of these calls, and whether a run has other work: something to submit
-- or to score, or a job in progress for too long. Reads only.
SELECT array_agg(t.assemblyai_id) FILTER (WHERE t.state = 'submitted') AS assemblyai_ids,
       bool_or(t.state <> 'submitted'
               OR t.submitted_at < now() - make_interval(secs => %(give_up_after_s)s)) AS has_work
FROM call_sentiment.transcripts AS t
WHERE t.call_id = ANY (%(call_ids)s::text[])
  AND t.state IN ('intent', 'submitted', 'loaded')
