-- How many transcripts have scores by each version of the formulas but this one, and how many there are that can
-- be scored at all. Reads only; where no version is old, one index entry per version and nothing is counted.
SELECT v.formula_version,
       (
           SELECT count(*)
           FROM call_sentiment.transcripts AS t
           WHERE t.state = 'scored' AND NOT t.sentences_deleted AND t.formula_version = v.formula_version
       ) AS transcripts,
       (
           SELECT count(*) FROM call_sentiment.transcripts AS t WHERE t.state = 'scored' AND NOT t.sentences_deleted
       ) AS all_transcripts
FROM call_sentiment.shown_versions AS v
WHERE v.formula_version <> %(formula_version)s
ORDER BY v.formula_version
