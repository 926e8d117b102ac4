-- One row a call for the page of calls, with indexes for its filters and its orders. Triggers note which calls have
-- changed. They only append, so no task waits for another, and the refresh of the rows is in nobody's way.

CREATE TABLE call_sentiment.call_listing (
    call_id text PRIMARY KEY,
    at timestamptz NOT NULL,
    queue text,
    agent_id text,
    status text NOT NULL,
    label text,
    sentiment_score double precision,
    score_low double precision,
    score_high double precision,
    q1_score double precision,
    q2_score double precision,
    q3_score double precision,
    q4_score double precision,
    worst_window_start_ms bigint,
    worst_window_end_ms bigint,
    needs_review boolean NOT NULL,
    reviewed_label text,
    reason text,
    notices text,
    duration_s double precision,
    transcript_id bigint NOT NULL,
    words tsvector
);

COMMENT ON TABLE call_sentiment.call_listing IS 'What the page of calls shows: one row a call, made of call_listing_source. Ask call_overview instead.';
COMMENT ON COLUMN call_sentiment.call_listing.call_id IS 'Name of the call.';
COMMENT ON COLUMN call_sentiment.call_listing.at IS 'When the call began; where that is unknown, when its recording was found.';
COMMENT ON COLUMN call_sentiment.call_listing.queue IS 'Queue or department.';
COMMENT ON COLUMN call_sentiment.call_listing.agent_id IS 'Who took the call.';
COMMENT ON COLUMN call_sentiment.call_listing.status IS 'As in call_overview.';
COMMENT ON COLUMN call_sentiment.call_listing.label IS 'As in call_scores.';
COMMENT ON COLUMN call_sentiment.call_listing.sentiment_score IS 'The headline, -1..1.';
COMMENT ON COLUMN call_sentiment.call_listing.score_low IS 'Lower end of the interval.';
COMMENT ON COLUMN call_sentiment.call_listing.score_high IS 'Upper end of the interval.';
COMMENT ON COLUMN call_sentiment.call_listing.q1_score IS 'Mean value of the first quarter.';
COMMENT ON COLUMN call_sentiment.call_listing.q2_score IS 'Mean value of the second quarter.';
COMMENT ON COLUMN call_sentiment.call_listing.q3_score IS 'Mean value of the third quarter.';
COMMENT ON COLUMN call_sentiment.call_listing.q4_score IS 'Mean value of the last quarter.';
COMMENT ON COLUMN call_sentiment.call_listing.worst_window_start_ms IS 'Start of the worst 5 sentences in a row.';
COMMENT ON COLUMN call_sentiment.call_listing.worst_window_end_ms IS 'End of these.';
COMMENT ON COLUMN call_sentiment.call_listing.needs_review IS 'True where a person should listen before the score is believed.';
COMMENT ON COLUMN call_sentiment.call_listing.reviewed_label IS 'Label that a person gave; NULL: nobody has.';
COMMENT ON COLUMN call_sentiment.call_listing.reason IS 'Why it needs review, failed or has no score.';
COMMENT ON COLUMN call_sentiment.call_listing.notices IS 'What does not match in what is known of the call.';
COMMENT ON COLUMN call_sentiment.call_listing.duration_s IS 'Length of the recording in seconds.';
COMMENT ON COLUMN call_sentiment.call_listing.transcript_id IS 'The transcript that speaks for the call.';
COMMENT ON COLUMN call_sentiment.call_listing.words IS 'The words of its sentences, to search them; NULL: none yet.';

CREATE TABLE call_sentiment.call_listing_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_id text NOT NULL,
    words_changed boolean NOT NULL DEFAULT false
);

COMMENT ON TABLE call_sentiment.call_listing_changes IS 'Calls whose row of call_listing is to be made again.';
COMMENT ON COLUMN call_sentiment.call_listing_changes.change_id IS 'Number of the change.';
COMMENT ON COLUMN call_sentiment.call_listing_changes.call_id IS 'The call.';
COMMENT ON COLUMN call_sentiment.call_listing_changes.words_changed IS 'True where stored sentences were changed or deleted.';

CREATE VIEW call_sentiment.call_listing_source AS
SELECT o.call_id, coalesce(o.started_at, c.discovered_at) AS at, o.queue, o.agent_id, o.status, s.label,
       s.sentiment_score, s.score_low, s.score_high, s.q1_score, s.q2_score, s.q3_score, s.q4_score,
       s.worst_window_start_ms, s.worst_window_end_ms, o.needs_review, NULL::text AS reviewed_label, o.reason,
       o.notices, o.duration_s::double precision AS duration_s, o.transcript_id
FROM call_sentiment.call_overview AS o
JOIN call_sentiment.calls AS c ON c.call_id = o.call_id
JOIN call_sentiment.transcripts AS t ON t.transcript_id = o.transcript_id
LEFT JOIN call_sentiment.call_scores AS s
    ON s.transcript_id = t.transcript_id AND s.formula_version = t.formula_version AND t.state = 'scored';

COMMENT ON VIEW call_sentiment.call_listing_source IS 'What the rows of call_listing are made of. To show more of a call, replace this view.';
COMMENT ON COLUMN call_sentiment.call_listing_source.call_id IS 'These columns are those of call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.at IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.queue IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.agent_id IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.status IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.label IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.sentiment_score IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.score_low IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.score_high IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.q1_score IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.q2_score IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.q3_score IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.q4_score IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.worst_window_start_ms IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.worst_window_end_ms IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.needs_review IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.reviewed_label IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.reason IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.notices IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.duration_s IS 'See call_listing.';
COMMENT ON COLUMN call_sentiment.call_listing_source.transcript_id IS 'See call_listing.';

-- Punctuation separates words, as in listing.py: the parser alone would keep e-mails and numbers like 12.50 whole.
CREATE FUNCTION call_sentiment.words_of(transcript bigint) RETURNS tsvector
LANGUAGE plpgsql STABLE AS $$
DECLARE
    spoken text;
BEGIN
    SELECT string_agg(s.text, ' ') INTO spoken FROM call_sentiment.sentences AS s WHERE s.transcript_id = transcript;
    spoken := translate(spoken, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~‘’“”–—…', repeat(' ', 39));
    RETURN strip(to_tsvector('simple', spoken));
EXCEPTION WHEN program_limit_exceeded THEN
    -- Longer than a tsvector may be: a day of speech.
    RETURN strip(to_tsvector('simple', left(spoken, 100000)));
END
$$;
COMMENT ON FUNCTION call_sentiment.words_of(bigint) IS 'The words of the sentences of a transcript; NULL where it has none.';

-- A long history is brought in by the runs that follow, the newest calls first: this transaction holds locks.
INSERT INTO call_sentiment.call_listing_changes (call_id)
SELECT call_id FROM call_sentiment.calls ORDER BY coalesce(started_at, discovered_at) DESC;

-- Orders: by time, by score. Each filter that can be rare in an order has both.
CREATE INDEX call_listing_time ON call_sentiment.call_listing (at, call_id);
CREATE INDEX call_listing_score ON call_sentiment.call_listing (sentiment_score, call_id);
CREATE INDEX call_listing_queue ON call_sentiment.call_listing (queue, at, call_id);
CREATE INDEX call_listing_agent ON call_sentiment.call_listing (agent_id, at, call_id);
CREATE INDEX call_listing_label ON call_sentiment.call_listing (label, at, call_id);
CREATE INDEX call_listing_label_score ON call_sentiment.call_listing (label, sentiment_score, call_id);
CREATE INDEX call_listing_status ON call_sentiment.call_listing (status, at, call_id) WHERE status <> 'ok';
CREATE INDEX call_listing_status_score ON call_sentiment.call_listing (status, sentiment_score, call_id)
    WHERE status <> 'ok';
CREATE INDEX call_listing_review ON call_sentiment.call_listing (at, call_id)
    WHERE needs_review AND reviewed_label IS NULL;
CREATE INDEX call_listing_review_score ON call_sentiment.call_listing (sentiment_score, call_id)
    WHERE needs_review AND reviewed_label IS NULL;
CREATE INDEX call_listing_reviewed ON call_sentiment.call_listing (at, call_id) WHERE reviewed_label IS NOT NULL;
CREATE INDEX call_listing_reviewed_score ON call_sentiment.call_listing (sentiment_score, call_id)
    WHERE reviewed_label IS NOT NULL;
CREATE INDEX call_listing_transcript ON call_sentiment.call_listing (transcript_id);
CREATE INDEX call_listing_words ON call_sentiment.call_listing USING gin (words);
-- Calls of another Dag.
CREATE INDEX transcript_tasks_dag ON call_sentiment.transcript_tasks (dag_id, transcript_id);

CREATE FUNCTION call_sentiment.note_changed_transcripts() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO call_sentiment.call_listing_changes (call_id) SELECT DISTINCT call_id FROM after;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO call_sentiment.call_listing_changes (call_id) SELECT DISTINCT call_id FROM before;
    ELSE
        -- Both ways, because a call may have got another id.
        INSERT INTO call_sentiment.call_listing_changes (call_id)
        SELECT call_id
        FROM (
            (SELECT transcript_id, call_id, recording_number, state, status, error, duplicate_of, language_code,
                    audio_duration_s, notices, formula_version, scored_at
             FROM after
             EXCEPT
             SELECT transcript_id, call_id, recording_number, state, status, error, duplicate_of, language_code,
                    audio_duration_s, notices, formula_version, scored_at
             FROM before)
            UNION ALL
            SELECT b.transcript_id, b.call_id, b.recording_number, b.state, b.status, b.error, b.duplicate_of,
                   b.language_code, b.audio_duration_s, b.notices, b.formula_version, b.scored_at
            FROM before AS b
            JOIN after AS a ON a.transcript_id = b.transcript_id AND a.call_id <> b.call_id
        ) AS changed
        GROUP BY call_id;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION call_sentiment.note_changed_transcripts() IS 'Notes the calls of changed transcripts in call_listing_changes.';

CREATE FUNCTION call_sentiment.note_changed_calls() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO call_sentiment.call_listing_changes (call_id)
    SELECT call_id
    FROM (
        SELECT call_id, started_at, discovered_at, queue, agent_id, recording_number, notices FROM after
        EXCEPT
        SELECT call_id, started_at, discovered_at, queue, agent_id, recording_number, notices FROM before
    ) AS changed;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION call_sentiment.note_changed_calls() IS 'Notes changed calls in call_listing_changes.';

CREATE FUNCTION call_sentiment.note_changed_sentences() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO call_sentiment.call_listing_changes (call_id, words_changed)
        SELECT t.call_id, true
        FROM (SELECT DISTINCT transcript_id FROM before) AS b
        JOIN call_sentiment.transcripts AS t ON t.transcript_id = b.transcript_id;
    ELSE
        INSERT INTO call_sentiment.call_listing_changes (call_id, words_changed)
        SELECT t.call_id, true
        FROM (
            SELECT DISTINCT transcript_id
            FROM (
                SELECT transcript_id, position, text FROM before
                EXCEPT
                SELECT transcript_id, position, text FROM after
            ) AS changed
        ) AS b
        JOIN call_sentiment.transcripts AS t ON t.transcript_id = b.transcript_id;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION call_sentiment.note_changed_sentences() IS 'Notes the calls of changed or deleted sentences in call_listing_changes. Loading only inserts.';

CREATE FUNCTION call_sentiment.empty_listing() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE call_sentiment.call_listing, call_sentiment.call_listing_changes;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION call_sentiment.empty_listing() IS 'Empties the listing with the table it is made of.';

CREATE TRIGGER listing_insert AFTER INSERT ON call_sentiment.transcripts
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION call_sentiment.note_changed_transcripts();
CREATE TRIGGER listing_update AFTER UPDATE ON call_sentiment.transcripts
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION call_sentiment.note_changed_transcripts();
CREATE TRIGGER listing_delete AFTER DELETE ON call_sentiment.transcripts
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION call_sentiment.note_changed_transcripts();
CREATE TRIGGER listing_truncate AFTER TRUNCATE ON call_sentiment.transcripts
    FOR EACH STATEMENT EXECUTE FUNCTION call_sentiment.empty_listing();
-- A call is listed from its first transcript on, and no longer than it has one.
CREATE TRIGGER listing_update AFTER UPDATE ON call_sentiment.calls
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION call_sentiment.note_changed_calls();
CREATE TRIGGER listing_update AFTER UPDATE ON call_sentiment.sentences
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION call_sentiment.note_changed_sentences();
CREATE TRIGGER listing_delete AFTER DELETE ON call_sentiment.sentences
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION call_sentiment.note_changed_sentences();
