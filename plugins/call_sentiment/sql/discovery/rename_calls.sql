-- Give calls another id, and return the old ids of those that have it now. Not while a call is being submitted (its
-- lock is held under the old id), nor where the new id is taken. A rerun finds no call of the old id.
-- Seed 4703270718905523: the lock of a call.
WITH wanted AS MATERIALIZED (
    SELECT r.old_id, r.new_id
    FROM jsonb_to_recordset(%(renames)s::jsonb) AS r (old_id text, new_id text)
    WHERE NOT EXISTS (SELECT FROM call_sentiment.calls AS n WHERE n.call_id = r.new_id)
      AND pg_try_advisory_xact_lock(hashtextextended(r.old_id, 4703270718905523))
),
renamed AS (
    UPDATE call_sentiment.calls AS c
    SET call_id = w.new_id
    FROM wanted AS w
    WHERE c.call_id = w.old_id
    RETURNING w.old_id, w.new_id
),
duplicates AS (
    UPDATE call_sentiment.transcripts AS t
    SET duplicate_of = r.new_id
    FROM renamed AS r
    WHERE t.duplicate_of = r.old_id
)
SELECT old_id FROM renamed
