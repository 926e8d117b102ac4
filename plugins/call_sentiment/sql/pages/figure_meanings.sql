-- What each figure of a call or speaker means: the comments on their columns, in the order of the tables. Reads only.
SELECT a.attname::text AS name, min(col_description(a.attrelid, a.attnum)) AS meaning
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid IN ('call_sentiment.call_scores'::regclass, 'call_sentiment.speaker_scores'::regclass)
  AND a.attnum > 0
  AND NOT a.attisdropped
GROUP BY a.attname
ORDER BY min(a.attnum), a.attname
