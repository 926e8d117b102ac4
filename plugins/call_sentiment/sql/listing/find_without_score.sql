-- Rows of the listing that have no score, in the order of their ids, after a given one. Reads only.
SELECT {columns}
FROM {source} AS l
WHERE l.sentiment_score IS NULL
  AND (%(call_id)s IS NULL OR l.call_id {beyond} %(call_id)s)
ORDER BY l.call_id {direction}
LIMIT %(limit)s
