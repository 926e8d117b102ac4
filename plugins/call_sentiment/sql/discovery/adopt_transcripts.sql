-- Give transcripts to the calls that have their audio now, as those calls' present recordings. A rerun finds them there.
UPDATE call_sentiment.transcripts AS t
SET call_id = a.call_id, recording_number = a.recording_number
FROM jsonb_to_recordset(%(adoptions)s::jsonb)
    AS a (former_id text, content_sha256 text, call_id text, recording_number integer)
WHERE t.call_id = a.former_id
  AND t.content_sha256 = a.content_sha256
  AND t.state = 'scored'
