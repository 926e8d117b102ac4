-- Runs of the Dag overlap, and jobs that take too long are given up until they end after all.

ALTER TABLE call_sentiment.transcripts
    ADD COLUMN claimed_by text,
    ADD COLUMN given_up_at timestamptz,
    ADD CONSTRAINT transcripts_given_up CHECK (given_up_at IS NULL OR (state = 'failed' AND assemblyai_id IS NOT NULL));

COMMENT ON COLUMN call_sentiment.transcripts.claimed_by IS 'Dag and run that submit it; the claim ends with that run.';
COMMENT ON COLUMN call_sentiment.transcripts.given_up_at IS 'When AssemblyAI was last found still working on it, long after its time; it is loaded should it complete.';

CREATE INDEX transcripts_given_up_at ON call_sentiment.transcripts (given_up_at) WHERE given_up_at IS NOT NULL;
