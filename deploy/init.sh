#!/usr/bin/env bash
# Prepares what Airflow's components need before they start. Every step can run again.
# A failed step ends the script, so the services that wait for it do not start.
set -e
airflow db migrate
python "$(dirname "$0")/prepare.py"
