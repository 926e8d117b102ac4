"""The whole system on one machine, from Python packages alone."""
