-- What the filters ask of a row of the listing (l); a filter that is not given is NULL. Reads only.
-- The values are literals when the server plans, so what is not asked for costs nothing.
(%(from_time)s IS NULL OR l.at >= %(from_time)s)
AND (%(to_time)s IS NULL OR l.at < %(to_time)s)
AND (%(queue)s IS NULL OR l.queue = %(queue)s)
AND (%(agent)s IS NULL OR l.agent_id = %(agent)s)
AND (%(label)s IS NULL OR l.label = %(label)s)
AND (%(status)s IS NULL OR l.status = %(status)s)
AND (%(review)s IS DISTINCT FROM 'needed' OR (l.needs_review AND l.reviewed_label IS NULL))
AND (%(review)s IS DISTINCT FROM 'reviewed' OR l.reviewed_label IS NOT NULL)
AND (%(content)s IS DISTINCT FROM 'flagged' OR l.content_flag_count > 0)
AND (%(content)s IS DISTINCT FROM 'unflagged' OR l.content_flag_count = 0)
AND (
    (%(run)s IS NULL AND %(dag)s IS NULL)
    -- An array, so that its index finds the few calls of a run.
    OR l.transcript_id = ANY (ARRAY(
        SELECT h.transcript_id
        FROM call_sentiment.transcript_tasks AS h
        WHERE (%(dag)s IS NULL OR h.dag_id = %(dag)s)
          AND (%(run)s IS NULL OR h.run_id = %(run)s)
          AND (%(task)s IS NULL OR h.task_id = %(task)s)
          AND (%(map_index)s IS NULL OR h.map_index = %(map_index)s)
    ))
)
AND (%(words)s IS NULL OR l.words @@ to_tsquery('simple', %(words)s))
