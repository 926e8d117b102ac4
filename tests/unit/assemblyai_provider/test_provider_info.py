from __future__ import annotations

from pydoc import locate

from airflow import providers_manager

import assemblyai_provider
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.provider_info import get_provider_info


def test_the_connection_type_leads_to_the_hook() -> None:
    (connection_type,) = get_provider_info()["connection-types"]
    assert locate(connection_type["hook-class-name"]) is AssemblyAIHook
    assert connection_type["connection-type"] == AssemblyAIHook.conn_type
    assert connection_type["hook-name"] == AssemblyAIHook.hook_name


def test_the_version_is_the_packages() -> None:
    assert get_provider_info()["versions"] == [assemblyai_provider.__version__]


def test_it_satisfies_airflows_own_schema() -> None:
    providers_manager._create_provider_info_schema_validator().validate(get_provider_info())
