-- Note that a submission is about to be posted. Repeating it notes the newer one. Fails on the unique index where
-- another call with the same bytes and options is live; changes no row where this one is not to be submitted.
UPDATE call_sentiment.transcripts
SET audio_url_sha256 = %(audio_url_sha256)s,
    content_sha256 = coalesce(%(content_sha256)s, content_sha256),
    request = %(request)s,
    posted_at = now()
WHERE transcript_id = %(transcript_id)s
  AND state = 'intent'
RETURNING transcript_id
