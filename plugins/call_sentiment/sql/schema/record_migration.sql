-- Remember a migration, in the transaction that applied it; a second record of one would be an error.
INSERT INTO call_sentiment.schema_migrations (version, name) VALUES (%(version)s, %(name)s)
