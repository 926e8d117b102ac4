-- What became of the transcripts claimed in a period. Reads only, by index.
SELECT
    count(*) AS claimed,
    count(t.submitted_at) AS submitted,
    count(*) FILTER (WHERE t.state = 'scored') AS scored,
    count(*) FILTER (WHERE t.state = 'failed') AS failed,
    count(*) FILTER (WHERE t.state = 'duplicate') AS duplicates
FROM call_sentiment.transcripts AS t
WHERE t.created_at > now() - make_interval(hours => %(hours)s)
