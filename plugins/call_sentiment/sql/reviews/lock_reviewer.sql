-- One at a time stores reviews of a transcript by one person, until the transaction ends: whoever comes second sees what
-- the first has stored. Changes no row.
-- Seed 4703270718905526: the lock of a transcript and a reviewer.
SELECT pg_advisory_xact_lock(hashtextextended(k.item, 4703270718905526)) IS NULL AS locked
FROM (SELECT %(transcript_id)s || '/' || %(reviewer)s AS item) AS k
