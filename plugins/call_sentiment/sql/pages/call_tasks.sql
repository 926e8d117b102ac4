-- The task instances that handled the transcripts of a call: those noted, and the wait before each load. Reads only.
SELECT k.transcript_id, k.dag_id, k.run_id, task.task_id, k.map_index, k.handled_at
FROM call_sentiment.transcripts AS t
JOIN call_sentiment.transcript_tasks AS k ON k.transcript_id = t.transcript_id
CROSS JOIN LATERAL (
    SELECT k.task_id, 2 AS place
    UNION ALL
    SELECT 'wait', 1 WHERE k.task_id = 'load'
) AS task
WHERE t.call_id = %(call_id)s
ORDER BY k.transcript_id DESC, k.handled_at, task.place
