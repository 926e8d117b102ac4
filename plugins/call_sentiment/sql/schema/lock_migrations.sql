-- One process migrates at a time; the lock ends with the transaction. The number is this project's own.
SELECT pg_advisory_xact_lock(4703270718905521)
