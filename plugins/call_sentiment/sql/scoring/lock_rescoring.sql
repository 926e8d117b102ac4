-- One process scores again at a time, so that two do not take the same transcripts: wait for the other, or see
-- that there is one. The lock ends with the transaction. The number is this project's own.
SELECT CASE
    WHEN %(wait)s THEN pg_advisory_xact_lock(4703270718905524) IS NOT NULL
    ELSE pg_try_advisory_xact_lock(4703270718905524)
END AS locked
