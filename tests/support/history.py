"""Generates many calls inside PostgreSQL: loaded, with sentences, not scored."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

OPTIONS = {
    "speech_models": ["assemblyai-stt-3-7", "universal-2"],
    "sentiment_analysis": True,
    "language_detection": True,
    "speaker_labels": True,
}

# One call every 631 seconds: 137 a day, 100,000 in two years.
_CALLS = """
INSERT INTO call_sentiment.calls (call_id, recording, started_at, queue, agent_id, channels, discovered_at)
SELECT %(prefix)s || n, %(prefix)s || n || '.mp3', c.begin, 'queue ' || n %% 7, 'agent ' || n %% 41,
       '{"A": "agent", "B": "customer"}', c.begin + interval '15 minutes'
FROM generate_series(%(first)s, %(last)s) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2024-11-22 00:00+00' + n * interval '631 seconds' AS begin) AS c
ORDER BY n
"""

# Two speakers who sometimes overlap, pauses, all labels, calls of all moods. In one call of 20, a tenth of
# the confidences is missing. random() refers to both tables, or PostgreSQL would compute it only once.
_TRANSCRIPTS = """
WITH stored AS (
    INSERT INTO call_sentiment.transcripts
        (call_id, config_sha256, options, request, attempt, state, audio_url_sha256, content_sha256,
         posted_at, assemblyai_id, submitted_at, loaded_at, status, language_code, speech_model_used,
         audio_duration_s, answer)
    SELECT c.call_id, encode(sha256(%(options)s), 'hex'), convert_from(%(options)s, 'UTF8')::jsonb,
           convert_from(%(options)s, 'UTF8')::jsonb, 1, 'loaded',
           encode(sha256(convert_to(c.recording, 'UTF8')), 'hex'),
           encode(sha256(convert_to(c.call_id, 'UTF8')), 'hex'), c.discovered_at,
           gen_random_uuid(), c.discovered_at, c.discovered_at, 'ok', 'en_us', 'assemblyai-stt-3-7',
           %(sentences)s * 5, %(answer)s
    FROM generate_series(%(first)s, %(last)s) AS n
    JOIN call_sentiment.calls AS c ON c.call_id = %(prefix)s || n
    ORDER BY n
    RETURNING transcript_id
)
INSERT INTO call_sentiment.sentences
    (transcript_id, position, start_ms, end_ms, sentiment, confidence, speaker, role, text)
SELECT t.transcript_id, p,
       p * 5000 + r.begin, p * 5000 + r.begin + 1000 + r.length,
       CASE WHEN r.mood < 0.25 + m.gloom THEN 'NEGATIVE' WHEN r.mood < 0.75 + m.gloom THEN 'NEUTRAL'
            ELSE 'POSITIVE' END,
       CASE WHEN r.gap > 0.1 OR t.transcript_id %% 20 > 0 THEN 0.4 + 0.6 * r.gap END,
       CASE WHEN r.turn < 0.5 THEN 'A' ELSE 'B' END,
       CASE WHEN r.turn < 0.5 THEN 'agent' ELSE 'customer' END,
       concat_ws(' ', phrases[1 + r.part / 4096], phrases[1 + r.part / 64 %% 64], phrases[1 + r.part %% 64])
FROM stored AS t
CROSS JOIN (SELECT %(phrases)s::text[] AS phrases) AS s
CROSS JOIN LATERAL (SELECT (t.transcript_id * 37 %% 41 - 20) / 100.0 AS gloom) AS m
CROSS JOIN generate_series(0, %(sentences)s - 1) AS p
CROSS JOIN LATERAL (
    SELECT (random() * 2000 + t.transcript_id * p * 0)::bigint AS begin, (random() * 4500)::bigint AS length,
           random() AS mood, random() AS gap, random() AS turn, floor(random() * 262144)::integer AS part
) AS r
ORDER BY t.transcript_id, p
"""
_SPOKEN = """
I have been waiting for the parcel since Monday and nobody could tell me where it is so please look
into that again because really it was promised to arrive on Friday at the latest thank you
"""


def add_calls(connection: Connection, prefix: str, calls: int, sentences: int) -> None:
    """Add `calls` calls of `sentences` sentences each, and update the planner's statistics.

    The same arguments on the same server version give the same data.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
    insert_calls(connection, prefix, range(1, calls + 1), sentences)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def insert_calls(
    connection: Connection, prefix: str, numbers: range, sentences: int, answer: str = "{}"
) -> None:
    """Add the calls with these numbers; a number sets when its call began; `answer` is stored for each."""
    rng = random.Random(5)
    words = _SPOKEN.split()
    params = {
        "prefix": prefix,
        "first": numbers.start,
        "last": numbers.stop - 1,
        "sentences": sentences,
        "options": json.dumps(OPTIONS).encode(),
        "answer": answer,
        "phrases": [" ".join(rng.choices(words, k=rng.randrange(3, 6))) for _ in range(64)],
    }
    with connection, connection.cursor() as cursor:
        # The keys are taken from the rows they refer to. Checking each would take most of the time.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (_CALLS, _TRANSCRIPTS):
            cursor.execute(statement, params)
