-- One process claims calls at a time; the lock ends with the transaction. Lock 4703270718905522: discovery.
SELECT pg_advisory_xact_lock(4703270718905522)
