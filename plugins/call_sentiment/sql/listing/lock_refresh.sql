-- Whether this transaction may refresh the listing: one at a time, until its end. Nobody waits. Changes no row.
-- Key 4703270718905525: the refresh of the listing.
SELECT pg_try_advisory_xact_lock(4703270718905525) AS locked
