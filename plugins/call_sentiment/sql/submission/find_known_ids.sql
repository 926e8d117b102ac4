-- Those of the given AssemblyAI ids that belong to a transcript of ours. Reads only.
SELECT assemblyai_id FROM call_sentiment.transcripts WHERE assemblyai_id = ANY (%(assemblyai_ids)s::text[])
