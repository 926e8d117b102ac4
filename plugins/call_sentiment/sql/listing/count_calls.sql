-- How many rows of the listing there are for the filters, up to a limit. Reads only.
SELECT count(*) AS count
FROM (SELECT FROM call_sentiment.call_listing AS l WHERE {conditions} LIMIT %(limit)s) AS up_to_limit
