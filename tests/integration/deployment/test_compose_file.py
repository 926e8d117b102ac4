"""docker-compose.yaml and the Dockerfile agree with Airflow, the demo and the repository."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.configuration import retrieve_configuration_description
from sqlalchemy.engine import make_url

from local_stack.environment import component_environment
from local_stack.paths import REPOSITORY
from local_stack.stack import COMPONENTS
from quickstart.settings import US_BASE_URL
from tests.support import compose

SECRETS = {
    "FERNET_KEY": "f",
    "JWT_SECRET": "j",
    "API_SECRET_KEY": "a",
    "POSTGRES_PASSWORD": "p",
    "AIRFLOW_ADMIN_PASSWORD": "w",
    "ASSEMBLYAI_API_KEY": "k",
}
CHOICES = {
    "AIRFLOW_EXECUTOR",
    "AIRFLOW_PARALLELISM",
    "AIRFLOW_PORT",
    "ASSEMBLYAI_BASE_URL",
    "CALL_SENTIMENT_ASSUMED_MINUTES",
    "CALL_SENTIMENT_BACKFILL_POOL",
    "CALL_SENTIMENT_BUDGET_PER_DAY",
    "CALL_SENTIMENT_BUDGET_PER_MONTH",
    "CALL_SENTIMENT_BUDGET_PER_RUN",
    "KEEP_RUNS_DAYS",
    "RECORDINGS",
    "SANDBOX_PORT",
}

# Settings that differ on purpose between the demo and the deployment.
PLACES_AND_SECRETS = {
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__API__BASE_URL",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
}
ONLY_IN_THE_DEMO = {
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS",
    "AIRFLOW__API__HOST",
    "AIRFLOW__API__PORT",
}
ONLY_IN_COMPOSE = {
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
}


@pytest.fixture
def services() -> dict[str, Any]:
    resolved: dict[str, Any] = compose.load(SECRETS)["services"]
    return resolved


def _airflow_settings(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith("AIRFLOW__")}


@pytest.mark.parametrize("absent", sorted(SECRETS))
def test_a_secret_that_is_not_set_stops_the_start_and_is_named(absent: str) -> None:
    with pytest.raises(compose.MissingVariableError, match=f"^{absent}: .*make env"):
        compose.load({**SECRETS, absent: ""})


def test_only_what_is_no_secret_has_a_default() -> None:
    references = compose.REFERENCE.findall(compose.COMPOSE_FILE.read_text())
    assert {name for _, name, operator, _, _ in references if operator == ":-"} == CHOICES
    assert {name for _, name, operator, _, _ in references if operator == ":?"} == SECRETS.keys()
    assert all(operator or dollar for dollar, _, operator, _, _ in references)


def test_every_airflow_service_runs_in_the_same_environment(services: dict[str, Any]) -> None:
    init = services["init"]["environment"]
    assert init.pop("AIRFLOW_ADMIN_PASSWORD") == SECRETS["AIRFLOW_ADMIN_PASSWORD"]
    assert services["cleaner"]["environment"].pop("KEEP_RUNS_DAYS") == "30"
    for name in (*COMPONENTS, "cleaner", "worker"):
        assert services[name]["environment"] == init, name


def test_the_settings_are_the_ones_the_demo_runs_with(
    services: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The demo inherits its environment. Only the variables that it sets itself matter here.
    for inherited in _airflow_settings(dict(os.environ)):
        monkeypatch.delenv(inherited)
    demo_settings = _airflow_settings(
        component_environment(home=tmp_path, metadata_url="postgresql://", port=8080)
    )
    deployed = _airflow_settings(services["scheduler"]["environment"])
    assert demo_settings.keys() - deployed.keys() == ONLY_IN_THE_DEMO
    assert deployed.keys() - demo_settings.keys() == ONLY_IN_COMPOSE
    common = (demo_settings.keys() & deployed.keys()) - PLACES_AND_SECRETS
    assert {name: deployed[name] for name in common} == {name: demo_settings[name] for name in common}


def test_every_component_runs_the_command_the_demo_runs(services: dict[str, Any]) -> None:
    assert {name: tuple(services[name]["command"]) for name in COMPONENTS} == COMPONENTS


def test_airflow_knows_every_setting(services: dict[str, Any]) -> None:
    known = retrieve_configuration_description()
    for variable in _airflow_settings(services["scheduler"]["environment"]):
        section, option = variable.removeprefix("AIRFLOW__").lower().split("__")
        assert option in known[section]["options"], variable


def test_airflow_logs_in_as_the_user_that_postgres_creates(services: dict[str, Any]) -> None:
    made = services["postgres"]["environment"]
    url = make_url(services["scheduler"]["environment"]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
    assert (url.username, url.password, url.database) == (
        made["POSTGRES_USER"],
        made["POSTGRES_PASSWORD"],
        made["POSTGRES_DB"],
    )


def test_recordings_go_to_assemblyai_unless_another_address_is_given(services: dict[str, Any]) -> None:
    assert (
        f'"host": "{US_BASE_URL}"' in services["scheduler"]["environment"]["AIRFLOW_CONN_ASSEMBLYAI_DEFAULT"]
    )


def test_nothing_is_published_beyond_this_machine(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published.keys() == {"api-server", "sandbox"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_recordings_are_mounted_read_only_and_must_exist(
    services: dict[str, Any],
) -> None:
    for name in (*COMPONENTS, "cleaner", "init", "worker"):
        (bind,) = [volume for volume in services[name]["volumes"] if isinstance(volume, dict)]
        assert bind["read_only"], name
        assert not bind["bind"]["create_host_path"], name
        assert bind["target"] == services[name]["environment"]["CALL_SENTIMENT_RECORDINGS"]


def test_a_health_check_has_time_enough_on_a_busy_machine(services: dict[str, Any]) -> None:
    jobs = {"cleaner", "init"}
    assert {name for name in services if "healthcheck" not in services[name]} == jobs
    for name in services.keys() - jobs:
        check = services[name]["healthcheck"]
        assert 30 <= _seconds(check["timeout"]) <= 60, name
        assert _seconds(check["start_period"]) >= 60, name


def test_the_components_start_only_after_init_has_succeeded(services: dict[str, Any]) -> None:
    for name in (*COMPONENTS, "cleaner", "worker"):
        init = services[name]["depends_on"]["init"]
        assert init == {"condition": "service_completed_successfully", "restart": True}
        assert services[name]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert services["init"]["restart"] == "no"


def test_what_a_task_talks_to_stops_after_it(services: dict[str, Any]) -> None:
    for name in ("scheduler", "worker"):
        assert services[name]["depends_on"].keys() >= {"api-server", "postgres", "redis", "sandbox"}
    for name in ("scheduler", "triggerer", "worker"):
        # Not required: without its profile there is no sandbox.
        sandbox = services[name]["depends_on"]["sandbox"]
        assert sandbox == {"condition": "service_healthy", "required": False}


def test_the_profile_celery_adds_what_its_executor_needs(services: dict[str, Any]) -> None:
    assert {name for name in services if services[name].get("profiles") == ["celery"]} == {"redis", "worker"}
    assert services["worker"]["command"][:2] == ["celery", "worker"]
    chosen = compose.load({**SECRETS, "AIRFLOW_EXECUTOR": "CeleryExecutor", "AIRFLOW_PARALLELISM": "32"})
    worker = chosen["services"]["worker"]
    assert worker["environment"]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert worker["command"][-1] == worker["environment"]["AIRFLOW__CORE__PARALLELISM"] == "32"


def test_the_pins_of_the_workers_agree_with_those_of_the_product() -> None:
    product, workers = (_pins(f"requirements{part}.txt") for part in ("", "-celery"))
    assert {name for name in product.keys() & workers.keys() if product[name] != workers[name]} == set()
    assert {"apache-airflow-providers-celery", "redis"} <= workers.keys()


def test_a_stop_signals_the_main_process_alone(services: dict[str, Any]) -> None:
    for name in services.keys() - {"postgres", "redis"}:
        assert services[name]["environment"]["DUMB_INIT_SETSID"] == "0", name


def test_every_container_has_a_bounded_log(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}, name


def test_no_secret_is_in_a_command_line() -> None:
    loaded = compose.load({name: f"the-secret-{name}" for name in SECRETS})["services"]
    for name, service in loaded.items():
        words = [*service.get("command", ()), *service.get("healthcheck", {}).get("test", ())]
        assert not [word for word in words if "the-secret" in word], name


def test_the_image_leaves_out_the_server_of_the_demo() -> None:
    (pattern,) = re.findall(r"sed -i '/(.*)/d' /opt/airflow/source/requirements.txt", _dockerfile())
    pins = (REPOSITORY / "requirements.txt").read_text().splitlines()
    assert len([pin for pin in pins if re.match(pattern, pin)]) == 1


def test_every_named_volume_is_declared_and_every_dependency_exists(services: dict[str, Any]) -> None:
    volumes = [volume for service in services.values() for volume in service.get("volumes", ())]
    named = {volume.partition(":")[0] for volume in volumes if isinstance(volume, str)}
    assert named == compose.load(SECRETS)["volumes"].keys()
    assert {
        target for service in services.values() for target in service.get("depends_on", ())
    } <= services.keys()


def test_the_image_holds_the_airflow_and_the_python_of_the_pins() -> None:
    tag = re.search(r"^FROM apache/airflow:slim-([\d.]+)-python([\d.]+)$", _dockerfile(), re.MULTILINE)
    assert tag is not None
    assert f"\napache-airflow=={tag[1]}\n" in (REPOSITORY / "requirements.txt").read_text()
    assert f"--python-version {tag[2]} " in (REPOSITORY / "Makefile").read_text()


def test_everything_the_image_copies_exists_and_is_sent_to_the_build() -> None:
    sent = (REPOSITORY / ".dockerignore").read_text().splitlines()
    copied = [
        word
        for line in _dockerfile().splitlines()
        if line.startswith("COPY ")
        for word in line.split()[1:-1]
        if not word.startswith("--")
    ]
    assert copied
    for source in copied:
        assert (REPOSITORY / source).exists(), source
        assert f"!{source.partition('/')[0]}" in sent, source


def test_neither_secrets_nor_recordings_are_sent_to_the_build() -> None:
    sent = (REPOSITORY / ".dockerignore").read_text().splitlines()
    assert sent[1] == "*"
    assert not {"!.env", "!recordings"} & set(sent)


def test_the_values_for_the_helm_chart_name_what_compose_names(services: dict[str, Any]) -> None:
    values = yaml.safe_load((REPOSITORY / "deploy" / "helm-values.yaml").read_text())
    assert f"apache-airflow=={values['airflowVersion']}\n" in (REPOSITORY / "requirements.txt").read_text()
    named = {item["envName"] for item in values["secret"]} | {item["name"] for item in values["env"]}
    assert named <= services["worker"]["environment"].keys()
    known = retrieve_configuration_description()["core"]["options"]
    assert values["config"]["core"].keys() <= known.keys()
    assert find_spec(values["config"]["core"]["auth_manager"].rpartition(".")[0])


def _pins(file: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.\[\]-]+)==(\S+)", (REPOSITORY / file).read_text(), re.MULTILINE))


def _dockerfile() -> str:
    return (REPOSITORY / "Dockerfile").read_text()


def _seconds(duration: str) -> int:
    number, unit = int(duration[:-1]), duration[-1]
    return number * {"s": 1, "m": 60}[unit]
