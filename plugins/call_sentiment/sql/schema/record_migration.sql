-- Record a migration, in the transaction that applies it. A rerun fails: each is applied once.
INSERT INTO call_sentiment.schema_migrations (version, name) VALUES (%(version)s, %(name)s)
