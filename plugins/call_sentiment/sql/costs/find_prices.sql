-- All prices of hours of audio. Reads only.
SELECT kind, item, per_hour, currency, taken_on, valid_from, source, is_own
FROM call_sentiment.prices
