-- One row if any transcript is loaded and not scored, or shows scores by another version of the formulas; else
-- none. Reads only, a few index entries.
SELECT 1 AS found
WHERE EXISTS (SELECT FROM call_sentiment.transcripts AS t WHERE t.state = 'loaded')
   OR EXISTS (SELECT FROM call_sentiment.shown_versions AS v WHERE v.formula_version <> %(formula_version)s)
