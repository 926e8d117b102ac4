-- Whether a transcript is in the sample: how many people are to review it (NULL: it is not), how many have, blind; and
-- how many reviews there are of other transcripts of the call. Reads only.
SELECT
    d.wanted_reviews,
    (
        SELECT count(*)
        FROM call_sentiment.label_reviews AS r
        JOIN call_sentiment.current_reviews AS standing
            ON standing.transcript_id = r.transcript_id AND standing.position IS NULL AND standing.reviewer = r.reviewer
        WHERE r.transcript_id = t.transcript_id AND r.position IS NULL AND r.is_blind
    ) AS blind_reviews,
    (
        SELECT count(*)
        FROM call_sentiment.transcripts AS other
        JOIN call_sentiment.current_reviews AS r ON r.transcript_id = other.transcript_id
        WHERE other.call_id = t.call_id AND other.transcript_id <> t.transcript_id
    ) AS reviews_of_others
FROM call_sentiment.transcripts AS t
LEFT JOIN call_sentiment.review_draws AS d ON d.transcript_id = t.transcript_id
WHERE t.transcript_id = %(transcript_id)s
