#!/usr/bin/env bash
# What has to be there before Airflow's components start. Every step may be run again.
# A step that fails ends the script, and with it the start of everything that waits for it.
set -e
airflow db migrate
python "$(dirname "$0")/prepare.py"
