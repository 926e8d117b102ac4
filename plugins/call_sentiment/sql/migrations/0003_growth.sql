-- What keeps questions about a part of the history as quick as they were when it was short (docs/growth.md).

CREATE INDEX calls_started ON call_sentiment.calls (started_at);
CREATE INDEX calls_agent ON call_sentiment.calls (agent_id, started_at);
-- The day of daily_scores.
CREATE INDEX calls_day ON call_sentiment.calls (((coalesce(started_at, discovered_at) AT TIME ZONE 'UTC')::date));

-- Their rows are written once. Frozen by the first vacuum that sees them, they are not written a second time.
ALTER TABLE call_sentiment.sentences SET (autovacuum_freeze_min_age = 0);
ALTER TABLE call_sentiment.call_scores SET (autovacuum_freeze_min_age = 0);
ALTER TABLE call_sentiment.speaker_scores SET (autovacuum_freeze_min_age = 0);
