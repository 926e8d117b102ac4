"""``python -m assemblyai_sandbox``: serve one sandbox until Ctrl-C."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from assemblyai_sandbox import __version__
from assemblyai_sandbox.models_policy import PERIODS
from assemblyai_sandbox.serve import SandboxUvicorn
from assemblyai_sandbox.settings import DEFAULT_API_KEY, PRESETS, Settings

KEY_VARIABLE = "ASSEMBLYAI_SANDBOX_API_KEY"


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m assemblyai_sandbox",
        description="An AssemblyAI-compatible server for trying things out and for tests. It is not the "
        "service: its speech engine is rough and knows English only.",
    )
    options.add_argument("--version", action="version", version=__version__)
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    options.add_argument(
        "--port", type=int, default=8123, help="port to listen on, 0 for a free one (default: %(default)s)"
    )
    options.add_argument(
        "--engine",
        choices=("speech", "scripted"),
        default="speech",
        help="speech recognises the audio, scripted answers from /_sandbox/script (default: %(default)s)",
    )
    options.add_argument(
        "--api-key",
        action="append",
        metavar="KEY[=ACCOUNT/PROJECT]",
        help="a key and its project; repeat it for more keys (default: the environment variable "
        f"{KEY_VARIABLE}, which no list of processes shows, else {DEFAULT_API_KEY})",
    )
    options.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="keep uploads, transcripts and charges in this folder across restarts",
    )
    options.add_argument(
        "--clock",
        choices=("real", "virtual"),
        default="real",
        help="virtual stands still until /_sandbox/clock moves it (default: %(default)s)",
    )
    options.add_argument("--region", choices=("us", "eu"), default="us", help="default: %(default)s")
    options.add_argument(
        "--preset", choices=sorted(PRESETS), help="which of AssemblyAI's sources to follow where they differ"
    )
    options.add_argument(
        "--model-policy",
        choices=("by-date", *PERIODS),
        default="by-date",
        help="the period whose model rules apply (default: %(default)s)",
    )
    options.add_argument(
        "--concurrency",
        type=int,
        default=200,
        help="jobs processing at a time, per account (default: %(default)s)",
    )
    options.add_argument(
        "--rate-limit",
        type=int,
        default=20_000,
        help="requests in 5 minutes, per account (default: %(default)s)",
    )
    options.add_argument(
        "--seed", type=int, help="make ids and invented answers repeatable (default: random)"
    )
    options.add_argument(
        "--workers", type=int, default=2, help="processes that recognise speech (default: %(default)s)"
    )
    options.add_argument("--log-level", default="warning", help="uvicorn's log level (default: %(default)s)")
    return options


def settings_from(arguments: argparse.Namespace) -> Settings:
    settings = Settings(
        engine=arguments.engine,
        clock=arguments.clock,
        region=arguments.region,
        seed=arguments.seed,
        state_dir=arguments.state,
        model_policy=arguments.model_policy,
        concurrency=arguments.concurrency,
        rate_limit=arguments.rate_limit,
        speech_workers=arguments.workers,
    )
    if arguments.preset:
        settings = settings.with_preset(arguments.preset)
    given = arguments.api_key or list(filter(None, [os.environ.get(KEY_VARIABLE)]))
    if given:
        pairs = (key.partition("=") for key in given)
        settings = replace(settings, api_keys={key: path or "default/default" for key, _, path in pairs})
    return settings


def main() -> None:
    arguments = parser().parse_args()
    settings = settings_from(arguments)
    # A key of the user's own may be the one of the real service, and this line goes to logs.
    key = f"key {DEFAULT_API_KEY}" if DEFAULT_API_KEY in settings.api_keys else "your key"

    def on_ready(url: str | None) -> None:
        if url:
            print(
                f"AssemblyAI sandbox on {url}, {key}, {settings.engine} engine. Press Ctrl-C to stop it.",
                flush=True,
            )

    server = SandboxUvicorn(
        settings,
        on_ready,
        host=arguments.host,
        port=arguments.port,
        log_level=arguments.log_level,
        patience_s=5,
    )
    with suppress(KeyboardInterrupt):
        server.run()


if __name__ == "__main__":
    main()
