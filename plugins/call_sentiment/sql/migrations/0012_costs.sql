-- What transcripts cost, what a budget holds back, and backfills of a long history beside daily traffic.

CREATE TABLE call_sentiment.prices (
    item text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('model', 'add_on')),
    per_hour numeric CHECK (per_hour >= 0),
    currency text NOT NULL,
    taken_on date NOT NULL,
    valid_from date NOT NULL,
    source text,
    is_own boolean NOT NULL,
    PRIMARY KEY (kind, item, valid_from, is_own)
);

COMMENT ON TABLE call_sentiment.prices IS 'What an hour of audio costs, by speech model and by add-on. Rows are kept: a transcript keeps the price of its day.';
COMMENT ON COLUMN call_sentiment.prices.item IS 'Speech model, or the transcript option that asks for the add-on, such as sentiment_analysis.';
COMMENT ON COLUMN call_sentiment.prices.kind IS 'model or add_on.';
COMMENT ON COLUMN call_sentiment.prices.per_hour IS 'Price of an hour of audio; 0: included. NULL: charged, but the price is not known.';
COMMENT ON COLUMN call_sentiment.prices.currency IS 'Currency of the price.';
COMMENT ON COLUMN call_sentiment.prices.taken_on IS 'Day on which somebody looked the price up.';
COMMENT ON COLUMN call_sentiment.prices.valid_from IS 'First day (UTC) of its transcripts; it holds until the next row of the same item.';
COMMENT ON COLUMN call_sentiment.prices.source IS 'Where it was looked up.';
COMMENT ON COLUMN call_sentiment.prices.is_own IS 'True: configured for this account; it goes before a published price of any day. False: published by AssemblyAI.';

-- The length of a recording, by its header, is kept for the version of the file that was read.
ALTER TABLE call_sentiment.calls
    ADD COLUMN measured_s double precision,
    ADD COLUMN measured_version text,
    ADD COLUMN measured_at timestamptz;
COMMENT ON COLUMN call_sentiment.calls.measured_s IS 'Length of the recording in seconds, by its header, before it was sent; NULL: not measured, or the header does not say.';
COMMENT ON COLUMN call_sentiment.calls.measured_version IS 'Version of the recording that was measured.';
COMMENT ON COLUMN call_sentiment.calls.measured_at IS 'When it was measured; NULL: never, as no budget asked for it.';

ALTER TABLE call_sentiment.transcripts
    ADD COLUMN backfill text,
    ADD COLUMN reserved_cost numeric CHECK (reserved_cost >= 0),
    ADD COLUMN reserved_currency text,
    ADD COLUMN reserved_at timestamptz,
    ADD COLUMN held_at timestamptz,
    ADD CONSTRAINT transcripts_reserved CHECK (
        (reserved_cost IS NULL) = (reserved_at IS NULL) AND (reserved_cost IS NULL) = (reserved_currency IS NULL)),
    ADD CONSTRAINT transcripts_held CHECK (held_at IS NULL OR reserved_at IS NULL);
COMMENT ON COLUMN call_sentiment.transcripts.backfill IS 'Backfill that it was claimed by; NULL: daily traffic. Each is submitted by its own runs.';
COMMENT ON COLUMN call_sentiment.transcripts.reserved_cost IS 'Expected cost that a budget has set aside for it. NULL: its run had no budget.';
COMMENT ON COLUMN call_sentiment.transcripts.reserved_currency IS 'Currency of the expected cost.';
COMMENT ON COLUMN call_sentiment.transcripts.reserved_at IS 'When it was set aside: it counts in the budgets of that day and month (UTC).';
COMMENT ON COLUMN call_sentiment.transcripts.held_at IS 'Since when it waits for a budget, for the reason in error; it is not submitted meanwhile.';

CREATE TABLE call_sentiment.backfills (
    name text PRIMARY KEY,
    settings jsonb NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE call_sentiment.backfills IS 'Histories that are transcribed beside daily traffic: one row each time one is given another name.';
COMMENT ON COLUMN call_sentiment.backfills.name IS 'Its name; transcripts.backfill refers to it.';
COMMENT ON COLUMN call_sentiment.backfills.settings IS 'Params with which it was triggered last; its later runs use them.';
COMMENT ON COLUMN call_sentiment.backfills.started_at IS 'When it was triggered first.';

-- A run asks for the open transcripts of daily traffic, or of a backfill with 100,000 of them.
CREATE INDEX transcripts_open_by_backfill ON call_sentiment.transcripts (state, (coalesce(backfill, '')))
    WHERE state IN ('intent', 'submitted', 'loaded');
CREATE INDEX transcripts_backfill ON call_sentiment.transcripts (backfill, state) WHERE backfill IS NOT NULL;
CREATE INDEX transcripts_claims ON call_sentiment.transcripts (claimed_by)
    WHERE state = 'intent' AND claimed_by IS NOT NULL;
CREATE INDEX transcripts_held ON call_sentiment.transcripts (held_at) WHERE held_at IS NOT NULL;
-- What a budget of a month adds up.
CREATE INDEX transcripts_spent ON call_sentiment.transcripts ((coalesce(reserved_at, submitted_at)));
CREATE INDEX transcripts_cost_day
    ON call_sentiment.transcripts (((coalesce(submitted_at, created_at) AT TIME ZONE 'UTC')::date));

CREATE FUNCTION call_sentiment.price_of(model text, request jsonb, day date)
RETURNS TABLE (per_hour numeric, currency text, reason text)
LANGUAGE sql STABLE AS $$
    WITH asked AS (
        SELECT model AS item, 'model' AS kind
        UNION ALL
        SELECT p.item, 'add_on'
        FROM (SELECT DISTINCT p.item FROM call_sentiment.prices AS p WHERE p.kind = 'add_on') AS p
        WHERE coalesce(request -> p.item, 'null') NOT IN ('null', 'false', '0', '""', '[]', '{}')
    ), priced AS (
        SELECT asked.kind, coalesce(asked.item, 'the model, which AssemblyAI did not name') AS item,
               price.per_hour, price.currency
        FROM asked
        LEFT JOIN LATERAL (
            SELECT p.per_hour, p.currency
            FROM call_sentiment.prices AS p
            WHERE p.kind = asked.kind AND p.item = asked.item AND p.valid_from <= day
            ORDER BY p.is_own DESC, p.valid_from DESC
            LIMIT 1
        ) AS price ON true
    ), summed AS (
        SELECT sum(priced.per_hour) AS per_hour, min(priced.currency) AS currency,
               string_agg(priced.item, ', ' ORDER BY priced.kind DESC, priced.item)
                   FILTER (WHERE priced.per_hour IS NULL) AS missing,
               string_agg(DISTINCT priced.currency, ' and ') AS currencies,
               count(DISTINCT priced.currency) AS currency_count
        FROM priced
    )
    SELECT CASE WHEN missing IS NULL AND currency_count = 1 THEN summed.per_hour END,
           CASE WHEN missing IS NULL AND currency_count = 1 THEN summed.currency END,
           CASE WHEN missing IS NOT NULL THEN 'no price for ' || missing
                WHEN currency_count > 1 THEN 'prices in ' || currencies END
    FROM summed
$$;
COMMENT ON FUNCTION call_sentiment.price_of(text, jsonb, date) IS 'Price of an hour of audio on a day, with the add-ons that the request asks for; NULL and the reason where a part of it is not known.';

-- What costs are made of. The sums below group by model and request first: there are few, and a price takes a while.
CREATE VIEW call_sentiment.transcript_billing AS
SELECT t.transcript_id, t.call_id, c.queue, t.claimed_by AS run, t.backfill,
       (coalesce(t.submitted_at, t.created_at) AT TIME ZONE 'UTC')::date AS day,
       CASE WHEN billed.is_billed THEN 'billed'
            WHEN t.state IN ('intent', 'submitted') OR t.given_up_at IS NOT NULL THEN 'in_progress'
            ELSE 'not_billed' END AS billing,
       CASE WHEN billed.is_billed THEN t.speech_model_used END AS model,
       CASE WHEN billed.is_billed THEN coalesce(t.request, t.options) END AS request,
       CASE WHEN billed.is_billed THEN t.audio_duration_s END AS billed_s,
       t.reserved_cost, t.reserved_currency,
       coalesce(t.reserved_at, t.submitted_at) AS counts_from
FROM call_sentiment.transcripts AS t
LEFT JOIN call_sentiment.calls AS c ON c.call_id = t.call_id
CROSS JOIN LATERAL (
    -- A completed job is charged even where its answer could not be stored; then its length is known all the same.
    SELECT t.state IN ('loaded', 'scored') OR (t.state = 'failed' AND t.audio_duration_s IS NOT NULL) AS is_billed
) AS billed;

COMMENT ON VIEW call_sentiment.transcript_billing IS 'What AssemblyAI bills of each transcript, without prices. Ask transcript_costs instead.';
COMMENT ON COLUMN call_sentiment.transcript_billing.transcript_id IS 'The transcript.';
COMMENT ON COLUMN call_sentiment.transcript_billing.call_id IS 'Its call.';
COMMENT ON COLUMN call_sentiment.transcript_billing.queue IS 'Queue of the call.';
COMMENT ON COLUMN call_sentiment.transcript_billing.run IS 'Dag and run that submitted it, or are to.';
COMMENT ON COLUMN call_sentiment.transcript_billing.backfill IS 'Backfill that it belongs to; NULL: daily traffic.';
COMMENT ON COLUMN call_sentiment.transcript_billing.day IS 'Day (UTC) of its submission; before that, of its claim.';
COMMENT ON COLUMN call_sentiment.transcript_billing.billing IS 'billed (its job completed), in_progress (it may still be), not_billed (failed, or a duplicate).';
COMMENT ON COLUMN call_sentiment.transcript_billing.model IS 'Speech model that is billed.';
COMMENT ON COLUMN call_sentiment.transcript_billing.request IS 'Request whose add-ons are billed.';
COMMENT ON COLUMN call_sentiment.transcript_billing.billed_s IS 'Seconds of audio that are billed: those of completed jobs.';
COMMENT ON COLUMN call_sentiment.transcript_billing.reserved_cost IS 'See transcripts.';
COMMENT ON COLUMN call_sentiment.transcript_billing.reserved_currency IS 'See transcripts.';
COMMENT ON COLUMN call_sentiment.transcript_billing.counts_from IS 'When it began to count in budgets: set aside, or submitted without a budget.';

CREATE VIEW call_sentiment.transcript_costs AS
SELECT b.transcript_id, b.call_id, b.queue, b.run, b.backfill, b.day, b.model, b.billed_s,
       price.per_hour, price.currency,
       price.per_hour * b.billed_s::numeric / 3600 AS cost,
       CASE WHEN b.billing <> 'billed' THEN b.billing
            WHEN price.per_hour IS NULL OR b.billed_s IS NULL THEN 'unknown'
            ELSE 'known' END AS cost_status,
       coalesce(price.reason, CASE WHEN b.billing = 'billed' AND b.billed_s IS NULL THEN 'AssemblyAI gave no length' END)
           AS cost_reason,
       CASE WHEN b.billing = 'in_progress' THEN b.reserved_cost END AS expected_cost
FROM call_sentiment.transcript_billing AS b
LEFT JOIN LATERAL call_sentiment.price_of(b.model, b.request, b.day) AS price ON b.billing = 'billed';

COMMENT ON VIEW call_sentiment.transcript_costs IS 'What each transcript costs: the seconds that AssemblyAI bills, at the price of the day of its submission.';
COMMENT ON COLUMN call_sentiment.transcript_costs.transcript_id IS 'The transcript.';
COMMENT ON COLUMN call_sentiment.transcript_costs.call_id IS 'Its call.';
COMMENT ON COLUMN call_sentiment.transcript_costs.queue IS 'Queue of the call.';
COMMENT ON COLUMN call_sentiment.transcript_costs.run IS 'Dag and run that submitted it, or are to.';
COMMENT ON COLUMN call_sentiment.transcript_costs.backfill IS 'Backfill that it belongs to; NULL: daily traffic.';
COMMENT ON COLUMN call_sentiment.transcript_costs.day IS 'Day (UTC) of its submission; before that, of its claim.';
COMMENT ON COLUMN call_sentiment.transcript_costs.model IS 'Speech model that is billed.';
COMMENT ON COLUMN call_sentiment.transcript_costs.billed_s IS 'Seconds of audio that are billed: those of completed jobs.';
COMMENT ON COLUMN call_sentiment.transcript_costs.per_hour IS 'Price of an hour of audio: of the model and of the add-ons that were asked for.';
COMMENT ON COLUMN call_sentiment.transcript_costs.currency IS 'Currency of price and cost.';
COMMENT ON COLUMN call_sentiment.transcript_costs.cost IS 'What it costs, not rounded. NULL: see cost_status.';
COMMENT ON COLUMN call_sentiment.transcript_costs.cost_status IS 'known; unknown (billed, see cost_reason); in_progress (its job may still be billed); not_billed (failed, or a duplicate).';
COMMENT ON COLUMN call_sentiment.transcript_costs.cost_reason IS 'Why the cost of a billed transcript is not known, such as: no price for a model.';
COMMENT ON COLUMN call_sentiment.transcript_costs.expected_cost IS 'Of one in progress: what a budget has set aside for it.';

-- The same sums five times: by call, run, day, day and queue, and backfill.
DO $$
DECLARE
    total record;
BEGIN
    FOR total IN
        SELECT * FROM (VALUES
            ('call_costs', 'call_id', 'call, over all of its transcripts'),
            ('run_costs', 'run', 'run of a Dag, of the transcripts that it submitted'),
            ('daily_costs', 'day', 'day (UTC) of submission'),
            ('queue_costs', 'day, queue', 'day (UTC) of submission and queue'),
            ('backfill_costs', 'backfill', 'backfill')
        ) AS totals (name, keys, what)
    LOOP
        EXECUTE format(
            'CREATE VIEW call_sentiment.%1$I AS
             SELECT %2$s,
                    coalesce(sum(n) FILTER (WHERE billing = ''billed''), 0)::bigint AS billed_count,
                    coalesce(sum(n) FILTER (WHERE billing = ''billed'' AND cost IS NULL), 0)::bigint AS unknown_count,
                    coalesce(sum(n) FILTER (WHERE billing = ''in_progress''), 0)::bigint AS in_progress_count,
                    sum(billed_s) AS billed_s,
                    CASE WHEN count(DISTINCT currency) = 1
                          AND count(*) FILTER (WHERE billing = ''billed'' AND cost IS NULL) = 0
                         THEN sum(cost) END AS cost,
                    CASE WHEN count(DISTINCT currency) = 1 THEN min(currency) END AS currency,
                    CASE WHEN count(DISTINCT currency) > 1
                         THEN ''prices in '' || string_agg(DISTINCT currency, '' and '')
                         ELSE string_agg(DISTINCT cost_reason, ''; '') END AS cost_reason,
                    sum(expected_cost) AS expected_cost
             FROM (
                 SELECT sums.*, price.currency, price.per_hour * sums.billed_s::numeric / 3600 AS cost,
                        coalesce(price.reason, CASE WHEN sums.billing = ''billed'' AND sums.billed_s IS NULL
                                                    THEN ''AssemblyAI gave no length'' END) AS cost_reason
                 FROM (
                     SELECT %2$s, day AS price_day, billing, model, request, billed_s IS NULL AS is_unmeasured,
                            count(*) AS n, sum(billed_s) AS billed_s,
                            sum(reserved_cost) FILTER (WHERE billing = ''in_progress'') AS expected_cost
                     FROM call_sentiment.transcript_billing
                     WHERE billing <> ''not_billed''
                     GROUP BY %2$s, price_day, billing, model, request, is_unmeasured
                 ) AS sums
                 LEFT JOIN LATERAL call_sentiment.price_of(sums.model, sums.request, sums.price_day) AS price
                        ON sums.billing = ''billed''
             ) AS priced
             GROUP BY %2$s', total.name, total.keys);
        EXECUTE format('COMMENT ON VIEW call_sentiment.%I IS %L', total.name, 'Cost per ' || total.what || '. transcript_costs has the definitions.');
        EXECUTE format('COMMENT ON COLUMN call_sentiment.%I.billed_count IS ''Transcripts that are billed.''', total.name);
        EXECUTE format('COMMENT ON COLUMN call_sentiment.%I.unknown_count IS ''Of these, those whose cost is not known.''', total.name);
        EXECUTE format('COMMENT ON COLUMN call_sentiment.%I.in_progress_count IS ''Transcripts to be submitted or in progress.''', total.name);
        EXECUTE format('COMMENT ON COLUMN call_sentiment.%I.billed_s IS ''Seconds of audio that are billed.''', total.name);
        EXECUTE format('COMMENT ON COLUMN call_sentiment.%I.cost IS ''Sum of the costs; NULL where nothing is billed yet, or where one of them is not known: see cost_reason.''', total.name);
        EXECUTE format('COMMENT ON COLUMN call_sentiment.%I.currency IS ''Currency of the cost; NULL where there are several.''', total.name);
        EXECUTE format('COMMENT ON COLUMN call_sentiment.%I.cost_reason IS ''Why the cost is not known.''', total.name);
        EXECUTE format('COMMENT ON COLUMN call_sentiment.%I.expected_cost IS ''What budgets have set aside for those in progress.''', total.name);
    END LOOP;
END
$$;
COMMENT ON COLUMN call_sentiment.call_costs.call_id IS 'The call.';
COMMENT ON COLUMN call_sentiment.run_costs.run IS 'Dag and run, with a space between; NULL: submitted outside a run.';
COMMENT ON COLUMN call_sentiment.daily_costs.day IS 'The day.';
COMMENT ON COLUMN call_sentiment.queue_costs.day IS 'The day.';
COMMENT ON COLUMN call_sentiment.queue_costs.queue IS 'Queue of the calls; NULL: none is known.';
COMMENT ON COLUMN call_sentiment.backfill_costs.backfill IS 'Name of the backfill; NULL: daily traffic.';
