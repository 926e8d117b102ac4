-- The ledger: calls, the transcripts asked for, and their sentences.

CREATE TABLE call_sentiment.calls (
    call_id text PRIMARY KEY,
    recording text NOT NULL,
    query_removed boolean NOT NULL DEFAULT false,
    started_at timestamptz,
    queue text,
    agent_id text,
    channels jsonb,
    language_code text,
    metadata jsonb NOT NULL DEFAULT '{}',
    discovered_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE call_sentiment.calls IS 'One row per recorded call.';
COMMENT ON COLUMN call_sentiment.calls.call_id IS 'Name of the call: from its sidecar file or manifest line, else the address of its recording.';
COMMENT ON COLUMN call_sentiment.calls.recording IS 'Where the recording is. The query of a web address is dropped once the call is submitted.';
COMMENT ON COLUMN call_sentiment.calls.query_removed IS 'True where the web address had a query that is no longer stored: to send the call again, list it again.';
COMMENT ON COLUMN call_sentiment.calls.started_at IS 'When the call began, as its sidecar says.';
COMMENT ON COLUMN call_sentiment.calls.queue IS 'Queue or department, as the sidecar says.';
COMMENT ON COLUMN call_sentiment.calls.agent_id IS 'Who took the call, as the sidecar says.';
COMMENT ON COLUMN call_sentiment.calls.channels IS 'Which audio channel (or speaker) is whom, for example {"1": "agent", "2": "customer"}.';
COMMENT ON COLUMN call_sentiment.calls.language_code IS 'Language the sidecar names; NULL: the API detects it.';
COMMENT ON COLUMN call_sentiment.calls.metadata IS 'Everything else the sidecar says.';
COMMENT ON COLUMN call_sentiment.calls.discovered_at IS 'When the recording was first seen.';

CREATE TABLE call_sentiment.transcripts (
    transcript_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_id text NOT NULL REFERENCES call_sentiment.calls ON DELETE CASCADE,
    config_sha256 text NOT NULL,
    options jsonb NOT NULL,
    attempt integer NOT NULL CHECK (attempt > 0),
    state text NOT NULL CHECK (state IN ('intent', 'submitted', 'loaded', 'scored', 'failed', 'duplicate')),
    request jsonb,
    audio_url_sha256 text,
    content_sha256 text,
    posted_at timestamptz,
    assemblyai_id text UNIQUE,
    submitted_at timestamptz,
    loaded_at timestamptz,
    scored_at timestamptz,
    status text CHECK (status IN ('ok', 'not_analyzed', 'no_speech', 'invalid')),
    duplicate_of text,
    error text,
    retryable boolean,
    failed_in text CHECK (failed_in IN ('discover', 'submit', 'load')),
    language_code text,
    speech_model_used text,
    audio_duration_s double precision,
    answer jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'failed') = (failed_in IS NOT NULL)),
    CHECK ((state = 'duplicate') = (duplicate_of IS NOT NULL)),
    CHECK (state NOT IN ('submitted', 'loaded', 'scored') OR assemblyai_id IS NOT NULL),
    CHECK (state NOT IN ('loaded', 'scored') OR status IS NOT NULL)
);

-- Money: the same call is never live twice with the same options, nor under way twice at all.
CREATE UNIQUE INDEX transcripts_live ON call_sentiment.transcripts (call_id, config_sha256)
    WHERE state <> 'failed';
CREATE UNIQUE INDEX transcripts_open ON call_sentiment.transcripts (call_id)
    WHERE state IN ('intent', 'submitted', 'loaded');
-- Nor are the same bytes, under whatever name.
CREATE UNIQUE INDEX transcripts_live_content ON call_sentiment.transcripts (content_sha256, config_sha256)
    WHERE state NOT IN ('failed', 'duplicate');
CREATE INDEX transcripts_failed_content ON call_sentiment.transcripts (content_sha256, config_sha256)
    WHERE state = 'failed' AND content_sha256 IS NOT NULL;
CREATE INDEX transcripts_of_call ON call_sentiment.transcripts (call_id, transcript_id);
CREATE INDEX transcripts_retryable ON call_sentiment.transcripts (transcript_id)
    WHERE state = 'failed' AND retryable;

COMMENT ON TABLE call_sentiment.transcripts IS 'One row per transcript asked for, written before money is spent.';
COMMENT ON COLUMN call_sentiment.transcripts.transcript_id IS 'Our number of the transcript.';
COMMENT ON COLUMN call_sentiment.transcripts.call_id IS 'The call it is of.';
COMMENT ON COLUMN call_sentiment.transcripts.config_sha256 IS 'Hash of options: what makes two transcripts of a call different orders.';
COMMENT ON COLUMN call_sentiment.transcripts.options IS 'Transcript options asked for when the call was claimed (without webhook settings).';
COMMENT ON COLUMN call_sentiment.transcripts.attempt IS 'First, second or third try of the same order.';
COMMENT ON COLUMN call_sentiment.transcripts.state IS 'intent, submitted, loaded, scored; or failed, or duplicate.';
COMMENT ON COLUMN call_sentiment.transcripts.request IS 'The request as sent, without the address of the audio and without webhook settings.';
COMMENT ON COLUMN call_sentiment.transcripts.audio_url_sha256 IS 'SHA-256 of the address posted, to find a submission whose answer was lost.';
COMMENT ON COLUMN call_sentiment.transcripts.content_sha256 IS 'SHA-256 of the recording''s bytes; NULL where the API fetched them itself.';
COMMENT ON COLUMN call_sentiment.transcripts.posted_at IS 'When the last submission was begun.';
COMMENT ON COLUMN call_sentiment.transcripts.assemblyai_id IS 'AssemblyAI''s id of the transcript.';
COMMENT ON COLUMN call_sentiment.transcripts.submitted_at IS 'When AssemblyAI accepted it.';
COMMENT ON COLUMN call_sentiment.transcripts.loaded_at IS 'When its sentences were stored.';
COMMENT ON COLUMN call_sentiment.transcripts.scored_at IS 'When it was last scored.';
COMMENT ON COLUMN call_sentiment.transcripts.status IS 'ok; not_analyzed (the API gave no sentiment: language without it, or switched off); no_speech; invalid (no usable sentence).';
COMMENT ON COLUMN call_sentiment.transcripts.duplicate_of IS 'Call whose recording holds the same bytes, where state is duplicate.';
COMMENT ON COLUMN call_sentiment.transcripts.error IS 'Why it failed, or what went wrong in the last try while it is still under way.';
COMMENT ON COLUMN call_sentiment.transcripts.retryable IS 'Whether a failure may go away by itself; it is tried three times at most.';
COMMENT ON COLUMN call_sentiment.transcripts.failed_in IS 'Step in which it failed.';
COMMENT ON COLUMN call_sentiment.transcripts.language_code IS 'Language of the transcript, as AssemblyAI says.';
COMMENT ON COLUMN call_sentiment.transcripts.speech_model_used IS 'Speech model that did the work; scores may shift when it changes.';
COMMENT ON COLUMN call_sentiment.transcripts.audio_duration_s IS 'Length of the audio in seconds: what is billed.';
COMMENT ON COLUMN call_sentiment.transcripts.answer IS 'All else AssemblyAI answered; with the text where no sentence came with it.';
COMMENT ON COLUMN call_sentiment.transcripts.created_at IS 'When the call was claimed for this transcript.';

CREATE TABLE call_sentiment.sentences (
    transcript_id bigint NOT NULL REFERENCES call_sentiment.transcripts ON DELETE CASCADE,
    position integer NOT NULL,
    start_ms bigint,
    end_ms bigint,
    sentiment text,
    confidence double precision,
    speaker text,
    channel text,
    role text,
    text text,
    raw jsonb,
    PRIMARY KEY (transcript_id, position)
);

COMMENT ON TABLE call_sentiment.sentences IS 'The sentences of a transcript as AssemblyAI judged them.';
COMMENT ON COLUMN call_sentiment.sentences.transcript_id IS 'Transcript it belongs to.';
COMMENT ON COLUMN call_sentiment.sentences.position IS 'Place in AssemblyAI''s answer, from 0.';
COMMENT ON COLUMN call_sentiment.sentences.start_ms IS 'Start within the recording, in milliseconds.';
COMMENT ON COLUMN call_sentiment.sentences.end_ms IS 'End within the recording, in milliseconds.';
COMMENT ON COLUMN call_sentiment.sentences.sentiment IS 'POSITIVE, NEUTRAL or NEGATIVE; anything else was sent so and is not scored.';
COMMENT ON COLUMN call_sentiment.sentences.confidence IS 'How sure AssemblyAI is of that label, 0..1. Not how strong the feeling is.';
COMMENT ON COLUMN call_sentiment.sentences.speaker IS 'Speaker label; letters are arbitrary and per recording.';
COMMENT ON COLUMN call_sentiment.sentences.channel IS 'Audio channel.';
COMMENT ON COLUMN call_sentiment.sentences.role IS 'agent, customer, ... where the call''s channels say who that is.';
COMMENT ON COLUMN call_sentiment.sentences.text IS 'What was said.';
COMMENT ON COLUMN call_sentiment.sentences.raw IS 'The sentence as it came, where some of it could not be read.';
