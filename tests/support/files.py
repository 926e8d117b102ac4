"""The age of files, which discovery looks at."""

from __future__ import annotations

import os
import time
from pathlib import Path


def set_at_rest(*paths: Path, age_s: float = 3600.0) -> None:
    """Make files as old as if they had last changed `age_s` ago."""
    moment = time.time() - age_s
    for path in paths:
        os.utime(path, (moment, moment))
