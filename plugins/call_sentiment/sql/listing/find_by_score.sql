-- Rows of the listing in the order of their scores, after a given one. Reads only.
SELECT {columns}
FROM {source} AS l
WHERE l.sentiment_score IS NOT NULL
  AND (%(call_id)s IS NULL OR (l.sentiment_score, l.call_id) {beyond} (%(sentiment_score)s, %(call_id)s))
ORDER BY l.sentiment_score {direction}, l.call_id {direction}
LIMIT %(limit)s
