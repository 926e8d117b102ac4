-- Rows of the listing in the order of their times, after a given one. Reads only.
SELECT {columns}
FROM {source} AS l
WHERE (%(call_id)s IS NULL OR (l.at, l.call_id) {beyond} (%(at)s, %(call_id)s))
ORDER BY l.at {direction}, l.call_id {direction}
LIMIT %(limit)s
