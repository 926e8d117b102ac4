-- The pipeline page asks about the transcripts of a period.
CREATE INDEX transcripts_created ON call_sentiment.transcripts (created_at);
