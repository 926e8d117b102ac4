#!/usr/bin/env bash
# Deletes finished runs and their task logs after KEEP_RUNS_DAYS days. The results and the ledger stay.
# A failed step does not stop the other one; the next pass tries it again.
set -uo pipefail
before=$(date --utc --iso-8601=seconds --date="$KEEP_RUNS_DAYS days ago") || exit 1
echo "Deleting the runs and task logs from before $before"
failed=0
airflow db clean --yes --skip-archive --error-on-cleanup-failure --clean-before-timestamp "$before" || failed=1
find "$AIRFLOW_HOME/logs" -type f ! -newermt "$before" -delete || failed=1
# A folder without a file for an hour is not one that a task has just made.
find "$AIRFLOW_HOME/logs" -mindepth 1 -type d -empty -mmin +60 -delete || failed=1
exit "$failed"
