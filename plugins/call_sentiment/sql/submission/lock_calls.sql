-- Lock these calls for this session, waiting for other sessions that hold one of them. Always in the same order, so
-- that two overlapping batches cannot wait for each other. The server frees the locks when the session ends, however
-- it ends.
-- Seed 4703270718905523: the lock of a call.
SELECT pg_advisory_lock(k.key)
FROM (
    SELECT DISTINCT hashtextextended(c.call_id, 4703270718905523) AS key
    FROM unnest(%(call_ids)s::text[]) AS c (call_id)
    ORDER BY key
    OFFSET 0
) AS k
