-- One process migrates at a time; the lock ends with the transaction. Lock 4703270718905521: migrations.
SELECT pg_advisory_xact_lock(4703270718905521)
