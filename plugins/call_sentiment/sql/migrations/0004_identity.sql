-- What a call's recording was when it was last looked at, and what users should know about a call.

ALTER TABLE call_sentiment.calls
    ADD COLUMN recording_version text,
    ADD COLUMN sidecar_version text,
    ADD COLUMN recording_number integer NOT NULL DEFAULT 1 CHECK (recording_number > 0),
    ADD COLUMN recording_replaced boolean NOT NULL DEFAULT false,
    ADD COLUMN notices text[] NOT NULL DEFAULT '{}';

COMMENT ON COLUMN call_sentiment.calls.recording_version IS 'Size and time of change of the recording (or the store''s etag) when it was last looked at; NULL: look at its bytes again.';
COMMENT ON COLUMN call_sentiment.calls.sidecar_version IS 'The same of its sidecar; NULL where it has none.';
COMMENT ON COLUMN call_sentiment.calls.recording_number IS 'How many recordings this call has had: one more each time other audio replaced the one before.';
COMMENT ON COLUMN call_sentiment.calls.recording_replaced IS 'True where the place of its recording holds the audio of another call now.';
COMMENT ON COLUMN call_sentiment.calls.notices IS 'What does not match in the sidecar, or between it and the recording. Sentences for people.';

ALTER TABLE call_sentiment.transcripts
    ADD COLUMN recording_number integer NOT NULL DEFAULT 1 CHECK (recording_number > 0),
    ADD COLUMN notices text[] NOT NULL DEFAULT '{}';

COMMENT ON COLUMN call_sentiment.transcripts.recording_number IS 'Which recording of the call it is of: the call''s recording_number when it was claimed.';
COMMENT ON COLUMN call_sentiment.transcripts.notices IS 'What does not match between the call and its transcript. Sentences for people.';

-- Other audio under the same call id is another thing to pay for.
DROP INDEX call_sentiment.transcripts_live;
CREATE UNIQUE INDEX transcripts_live
    ON call_sentiment.transcripts (call_id, config_sha256, recording_number) WHERE state <> 'failed';

-- A call that was named after its file takes the call id of a sidecar that arrives later.
ALTER TABLE call_sentiment.transcripts DROP CONSTRAINT transcripts_call_id_fkey;
ALTER TABLE call_sentiment.transcripts ADD CONSTRAINT transcripts_call_id_fkey
    FOREIGN KEY (call_id) REFERENCES call_sentiment.calls ON DELETE CASCADE ON UPDATE CASCADE;
