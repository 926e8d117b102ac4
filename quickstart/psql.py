"""`make psql`: a prompt on the results of the running demo."""

from __future__ import annotations

import os
import sys

from local_stack.postgres import PSQL
from quickstart.settings import DSN_FILE


def main() -> int:
    """Replace this process by psql; extra arguments are passed on to it."""
    if not DSN_FILE.exists():
        print("No demo is running: start one with `make demo` first.", file=sys.stderr)
        return 1
    os.execv(PSQL, [str(PSQL), DSN_FILE.read_text(), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
