"""What differs between Airflow 3.0 and the newest version; no other module asks for versions.

docs/provider/versions.md lists what a user notices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow import __version__ as AIRFLOW_VERSION
from asgiref.sync import sync_to_async

if TYPE_CHECKING:
    from airflow.sdk import BaseHook, Connection
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSkipException,
    )
    from airflow.sdk.execution_time.xcom import XCom
else:
    try:  # 3.1
        from airflow.sdk import BaseHook
    except ImportError:
        from airflow.hooks.base import BaseHook
    try:  # 3.2
        from airflow.sdk.exceptions import (
            AirflowException,
            AirflowFailException,
            AirflowNotFoundException,
            AirflowSkipException,
        )
    except ImportError:
        from airflow.exceptions import (
            AirflowException,
            AirflowFailException,
            AirflowNotFoundException,
            AirflowSkipException,
        )
    from airflow.sdk.execution_time.xcom import XCom

__all__ = [
    "AIRFLOW_VERSION",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowSkipException",
    "BaseHook",
    "aget_connection",
    "apush_xcom",
]


async def aget_connection(conn_id: str) -> Connection:
    """The connection, read without blocking the event loop. Raises AirflowNotFoundException."""
    if hasattr(BaseHook, "aget_connection"):  # 3.1
        return await BaseHook.aget_connection(conn_id)
    connection: Connection = await sync_to_async(BaseHook.get_connection)(conn_id)
    return connection


async def apush_xcom(key: str, value: Any, **place: Any) -> None:
    """Push an XCom from a trigger.

    :param place: `dag_id`, `task_id`, `run_id`, `map_index`, and `_mapped_length` for tasks expanded over it.
    """
    if hasattr(XCom, "aset"):  # 3.3
        await XCom.aset(key, value, **place)
    else:
        await sync_to_async(XCom.set)(key, value, **place)
