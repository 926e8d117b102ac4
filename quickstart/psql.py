"""`make psql`: opens the results of the running demo in psql."""

from __future__ import annotations

import os
import sys

from local_stack.postgres import PSQL
from quickstart.settings import DSN_FILE


def main() -> int:
    """Replace this process by psql, with all further arguments."""
    if not DSN_FILE.exists():
        print("No demo is running. Start one with `make demo` first.", file=sys.stderr)
        return 1
    os.execv(PSQL, [str(PSQL), DSN_FILE.read_text(), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
