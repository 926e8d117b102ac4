"""Pages in the Airflow UI: what the pipeline does, each call's score and words, human reviews.

`plugin` registers them and is imported by every Airflow component; all else is imported by the first request
to the api-server. Only this package imports FastAPI. Its statements are in `sql/pages`.
"""

from __future__ import annotations
