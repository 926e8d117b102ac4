-- One at a time draws calls for the sample, until the transaction ends. Changes no row.
-- Key 4703270718905527: the sample of calls to review.
SELECT pg_advisory_xact_lock(4703270718905527) IS NULL AS locked
