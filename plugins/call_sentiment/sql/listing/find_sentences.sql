-- The first sentence of each of these transcripts that holds what was searched for. Reads only.
SELECT wanted.transcript_id, s.start_ms, s.text
FROM unnest(%(transcript_ids)s::bigint[]) AS wanted (transcript_id)
CROSS JOIN LATERAL (
    SELECT said.start_ms, said.text
    FROM call_sentiment.sentences AS said
    WHERE said.transcript_id = wanted.transcript_id AND said.text ~* ALL (%(patterns)s::text[])
    ORDER BY said.position
    LIMIT 1
) AS s
