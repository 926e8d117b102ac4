-- What the pages show of the pipeline's work: which task instances handled a transcript, when its job ended, and how
-- many requests were sent.

ALTER TABLE call_sentiment.transcripts ADD COLUMN completed_at timestamptz;
COMMENT ON COLUMN call_sentiment.transcripts.completed_at IS 'When its job ended, as AssemblyAI says; NULL where its list did not tell any more.';

CREATE TABLE call_sentiment.transcript_tasks (
    transcript_id bigint NOT NULL REFERENCES call_sentiment.transcripts ON DELETE CASCADE,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (transcript_id, task_id, run_id, map_index, dag_id)
);
CREATE INDEX transcript_tasks_run ON call_sentiment.transcript_tasks (run_id, task_id, map_index);

COMMENT ON TABLE call_sentiment.transcript_tasks IS 'Task instances that submitted a transcript, or ended it: loaded it, or noted its failure.';
COMMENT ON COLUMN call_sentiment.transcript_tasks.transcript_id IS 'The transcript.';
COMMENT ON COLUMN call_sentiment.transcript_tasks.dag_id IS 'Dag of the task instance.';
COMMENT ON COLUMN call_sentiment.transcript_tasks.run_id IS 'Its Dag run.';
COMMENT ON COLUMN call_sentiment.transcript_tasks.task_id IS 'submit or load. The wait of the same run and map index waited for what a load ended.';
COMMENT ON COLUMN call_sentiment.transcript_tasks.map_index IS 'Its batch within the run.';
COMMENT ON COLUMN call_sentiment.transcript_tasks.handled_at IS 'When.';

CREATE TABLE call_sentiment.request_counts (
    minute timestamptz NOT NULL,
    task_id text NOT NULL,
    requests integer NOT NULL,
    PRIMARY KEY (minute, task_id)
);

COMMENT ON TABLE call_sentiment.request_counts IS 'Requests to AssemblyAI, by the minute in which they were counted.';
COMMENT ON COLUMN call_sentiment.request_counts.minute IS 'The minute (UTC), by its start.';
COMMENT ON COLUMN call_sentiment.request_counts.task_id IS 'Task that sent them: discover, submit, wait or load.';
COMMENT ON COLUMN call_sentiment.request_counts.requests IS 'How many.';
