"""The demo: the whole system on one machine, from Python packages alone."""
