"""Every fault that the suite tries, by name; `docs/reliability.md` lists the same."""

from __future__ import annotations

from collections.abc import Mapping

PROCESS = "A process dies or loses the database"
WIRE = "The network or AssemblyAI misbehaves"
AIRFLOW = "Airflow and its machines"
ANSWERS = "Unexpected answers"
RECORDINGS = "Recordings that change"

CATALOGUE: Mapping[str, Mapping[str, str]] = {
    PROCESS: {
        "kill-at-request": "SIGKILL while a request hangs, before it is carried out",
        "kill-after-request": "SIGKILL after a request was carried out, before its answer",
        "kill-before-write": "SIGKILL at a write or commit, which the database then undoes",
        "kill-after-write": "SIGKILL at a write or commit, which the database then completes",
        "connection-lost": "the database connection breaks at a write or commit",
        "kill-while-reading": "SIGKILL while the ledger is being read",
        "kill-while-migrating": "SIGKILL in the middle of a migration of the schema",
        "kill-at-random": "SIGKILL at a random moment of a run, seeded",
    },
    WIRE: {
        "answer-error": "an error answer (429, 403, 500, 502 with HTML, 503, 504, 422)",
        "accepted-error": "an error answer to a request that was carried out",
        "reset-before": "connection reset before the request is carried out",
        "reset-after": "connection reset after it was carried out",
        "lost-answer": "the request is carried out and never answered",
        "truncated": "half an answer",
        "list-delay": "a submission that the list shows only seconds later",
        "get-delay": "a transcript whose id is unknown for seconds",
        "server-error-job": "a job that ends in AssemblyAI's server error",
        "lost-job": "a job that AssemblyAI no longer knows",
        "permanent-error-job": "a job that ends in a permanent error",
        "refused-key": "a key that is refused in the middle of a run",
        "negative-balance": "an account in debt in the middle of a run",
        "storm": "faults on 30% of all requests for 300 calls, seeded",
    },
    AIRFLOW: {
        "triggerer-killed": "SIGKILL of the triggerer with jobs in progress, and a restart",
        "worker-killed": "SIGKILL of the worker process of a mapped task",
        "scheduler-killed": "SIGKILL of the scheduler and its workers, and a restart",
        "postgres-restarted": "PostgreSQL stopped during load, and started again",
        "task-cleared": "finished tasks cleared",
        "run-cleared": "a whole run cleared",
        "same-batch-twice": "the same batch submitted by two processes at once",
        "two-dags": "two Dags over the same folder at once",
        "short-waits": "200 waits whose jobs end within seconds of deferring",
        "straggler": "a job that takes much longer than all others, and new calls in the meantime",
        "given-up": "a job that never ends",
        "overlapping-runs": "runs that overlap over the same stragglers",
        "patience": "the patience of a wait passes at the moment the last job ends",
        "killed-half-loaded": "SIGKILL of triggerer and workers while a batch is half loaded",
        "deadline": "the sensor's deadline passes while a job is in progress",
    },
    ANSWERS: {
        "strange-answer": "an answer of any JSON, or of none",
        "huge-answer": "100,000 sentences over the wire",
    },
    RECORDINGS: {
        "recording-grows": "a recording that grows while it is uploaded",
        "recording-unfinished": "a recording that is still being written when the folder is listed",
        "recording-filled": "an empty recording that is filled later",
        "recording-replaced": "other audio in place of a recording, named by its path or by a call id",
        "recording-renumbered": "recordings that take each other's names",
        "recording-gone": "a recording that is gone between discover and submit, and comes back",
        "sidecar-late": "a sidecar that arrives after its recording was transcribed",
        "sidecar-bad": "a sidecar that is bad, before or after its recording was transcribed",
    },
}

TITLES = {name: title for faults in CATALOGUE.values() for name, title in faults.items()}
