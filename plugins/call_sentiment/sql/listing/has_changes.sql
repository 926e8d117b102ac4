-- Whether the listing misses changes. Reads only.
SELECT EXISTS (SELECT FROM call_sentiment.call_listing_changes) AS missing
