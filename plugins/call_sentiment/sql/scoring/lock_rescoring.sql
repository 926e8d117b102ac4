-- One process scores history again at a time, so that no two take the same transcripts. With `wait`, wait for the
-- other process; without, return false if there is one. The lock ends with the transaction.
-- Lock 4703270718905524: scoring again. (Loading uses the same number as a seed: its locks are hashes.)
SELECT CASE
    WHEN %(wait)s THEN pg_advisory_xact_lock(4703270718905524) IS NOT NULL
    ELSE pg_try_advisory_xact_lock(4703270718905524)
END AS locked
