-- Note which task instance handles these transcripts. A rerun changes nothing.
INSERT INTO call_sentiment.transcript_tasks (transcript_id, dag_id, run_id, task_id, map_index)
SELECT transcript_id, %(dag_id)s, %(run_id)s, %(task_id)s, %(map_index)s
FROM unnest(%(transcript_ids)s::bigint[]) AS t (transcript_id)
ON CONFLICT DO NOTHING
