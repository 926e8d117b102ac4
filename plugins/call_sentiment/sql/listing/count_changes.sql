-- How many changes the listing misses, up to a limit. Reads only.
SELECT count(*) AS count FROM (SELECT FROM call_sentiment.call_listing_changes LIMIT %(limit)s) AS up_to_limit
