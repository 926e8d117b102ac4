from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from pydoc import locate
from typing import Any
from xml.etree import ElementTree

import airflow
import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager
from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.bases.sensor import BaseSensorOperator
from airflow.triggers.base import BaseTrigger

import assemblyai_provider
from assemblyai_provider._connection.fields import _EXTRAS
from assemblyai_provider.compat import BaseHook
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.provider_info import get_provider_info
from tests.support.airflow_versions import VERSION

INFO = get_provider_info()
PACKAGE = Path(assemblyai_provider.__file__).parent


def test_the_connection_type_leads_to_the_hook() -> None:
    (connection_type,) = INFO["connection-types"]
    assert locate(connection_type["hook-class-name"]) is AssemblyAIHook
    assert connection_type["connection-type"] == AssemblyAIHook.conn_type
    assert connection_type["hook-name"] == AssemblyAIHook.hook_name


def test_the_form_has_every_extra_of_the_connection_with_a_description() -> None:
    (connection_type,) = INFO["connection-types"]
    assert set(connection_type["conn-fields"]) == set(_EXTRAS)
    assert all(field["label"] and field["description"] for field in connection_type["conn-fields"].values())


def test_the_version_is_the_packages() -> None:
    assert INFO["versions"] == [assemblyai_provider.__version__]


def test_it_satisfies_airflows_own_schema() -> None:
    schema = Path(airflow.__file__).parent / "provider_info.schema.json"
    jsonschema.validate(INFO, json.loads(schema.read_text()))


def test_the_logo_is_part_of_the_package() -> None:
    (integration,) = INFO["integrations"]
    assert ElementTree.parse(PACKAGE / integration["logo"]).getroot().tag.endswith("svg")


def public_classes(base: type) -> Iterator[type]:
    """The classes of this kind in public modules, each where it is defined."""
    for module in pkgutil.walk_packages([str(PACKAGE)], "assemblyai_provider."):
        if "._" in module.name or ".example_dags" in module.name:
            continue
        for _, each in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(each, base) and each.__module__ == module.name:
                yield each


@pytest.mark.parametrize(
    ("key", "base"),
    [
        ("hooks", BaseHook),
        ("operators", BaseOperator),
        ("sensors", BaseSensorOperator),
        ("triggers", BaseTrigger),
    ],
)
def test_every_public_class_can_be_imported_from_a_listed_module(key: str, base: type) -> None:
    (entry,) = INFO[key]
    assert entry["integration-name"] == INFO["integrations"][0]["integration-name"]
    listed: set[Any] = set()
    for module in map(importlib.import_module, entry["python-modules"]):
        listed.update(vars(module)[name] for name in vars(module) if inspect.isclass(vars(module)[name]))
    wanted = set(public_classes(base))
    if base is BaseOperator:
        wanted -= set(public_classes(BaseSensorOperator))
    assert wanted
    assert wanted <= listed


def test_every_link_is_listed() -> None:
    links = {f"{each.__module__}.{each.__qualname__}" for each in public_classes(BaseOperatorLink)}
    assert set(INFO.get("extra-links", [])) == links


@pytest.mark.skipif(VERSION >= (3, 2), reason="Airflow 3.2 reads the form from the provider info")
def test_the_hook_gives_the_same_form_before_airflow_3_2(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    monkeypatch.setattr(ProvidersManager, "_initialized", False, raising=False)
    (form,) = [each for each in HookMetaService.hook_meta_data() if each.connection_type == "assemblyai"]
    (connection_type,) = INFO["connection-types"]
    assert form.standard_fields is not None
    assert form.standard_fields.password is not None
    assert form.standard_fields.password.title == "API key"
    fields = form.extra_fields or {}
    assert {name: field["schema"]["title"] for name, field in fields.items()} == (
        {name: field["label"] for name, field in connection_type["conn-fields"].items()}
        if VERSION == (3, 1)
        else {}  # Airflow 3.0 has no fields without WTForms
    )
