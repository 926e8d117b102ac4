-- Where a call stands in the orders of the listing. Reads only.
SELECT l.call_id, l.at, l.sentiment_score
FROM call_sentiment.call_listing AS l
WHERE l.call_id = %(call_id)s
