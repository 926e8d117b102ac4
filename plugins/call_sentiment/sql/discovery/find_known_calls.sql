-- The calls whose recording is under a prefix or at one of the given addresses, the newest last, with the versions
-- that tell whether a recording changed. A call whose address holds other audio now is left out. Reads only.
SELECT c.recording, c.call_id, c.recording_version, c.sidecar_version,
       EXISTS (
           SELECT FROM call_sentiment.transcripts AS t WHERE t.call_id = c.call_id AND t.state <> 'failed'
       ) AS live
FROM call_sentiment.calls AS c
WHERE (starts_with(c.recording, %(prefix)s) OR c.recording = ANY (%(addresses)s::text[]))
  AND NOT c.recording_replaced
ORDER BY c.discovered_at
