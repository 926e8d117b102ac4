"""Calls made up inside PostgreSQL, many at once: loaded, with sentences, not scored yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.results import execute

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

_CALLS = """
INSERT INTO call_sentiment.calls (call_id, recording)
SELECT %(prefix)s || n, n || '.mp3' FROM generate_series(1, %(calls)s) AS n
"""

_TRANSCRIPTS = """
INSERT INTO call_sentiment.transcripts
    (call_id, config_sha256, options, attempt, state, assemblyai_id, status, audio_duration_s)
SELECT %(prefix)s || n, '', '{}', 1, 'loaded', %(prefix)s || n, 'ok', %(sentences)s * 5
FROM generate_series(1, %(calls)s) AS n
"""

# Two speakers who now and then talk at once, pauses, all labels, one confidence in a hundred missing.
_SENTENCES = """
INSERT INTO call_sentiment.sentences
    (transcript_id, position, start_ms, end_ms, sentiment, confidence, speaker, text)
SELECT t.transcript_id, p,
       p * 5000 + r.begin, p * 5000 + r.begin + 1000 + r.length,
       CASE WHEN r.mood < 0.25 THEN 'NEGATIVE' WHEN r.mood < 0.75 THEN 'NEUTRAL' ELSE 'POSITIVE' END,
       CASE WHEN r.gap > 0.01 THEN 0.4 + 0.6 * r.gap END,
       CASE WHEN r.turn < 0.5 THEN 'A' ELSE 'B' END,
       'I have been waiting for the parcel since Monday, and nobody could tell me where it is.'
FROM call_sentiment.transcripts AS t
CROSS JOIN generate_series(0, %(sentences)s - 1) AS p
CROSS JOIN LATERAL (
    SELECT (random() * 2000 + p * 0)::bigint AS begin, (random() * 4500)::bigint AS length,
           random() AS mood, random() AS gap, random() AS turn
) AS r
WHERE t.call_id LIKE %(prefix)s || '%%'
ORDER BY t.transcript_id, p
"""


def add_calls(connection: Connection, prefix: str, calls: int, sentences: int) -> None:
    """Add so many calls of so many sentences each, and have the planner's statistics brought up to date.

    The same call of this function on the same server version gives the same data.
    """
    params = {"prefix": prefix, "calls": calls, "sentences": sentences}
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        for statement in (_CALLS, _TRANSCRIPTS, _SENTENCES):
            cursor.execute(statement, params)
    execute(connection, "VACUUM (ANALYZE)")
