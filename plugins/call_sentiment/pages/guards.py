"""Who may see a page and who may write: Airflow's user, the Dag's permissions, the origin of a request."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, HTTPException, Request

from call_sentiment import DAG_ID

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

READ = [Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE, param_dag_id=DAG_ID))]
"""Airflow's users who may see the Dag's task instances."""


def same_origin(request: Request) -> None:
    """Refuse a request that another site may have made.

    Where all users are admins, Airflow adds credentials to every request, so nothing else protects a write.
    A browser says where a request comes from in Sec-Fetch-Site, an older one in Origin; without either sign
    it is refused.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        good = site == "same-origin"
    else:
        good = origin is not None and urlsplit(origin).netloc == request.headers.get("host", "")
    if not good:
        raise HTTPException(403, "This was not sent from a page of this Airflow, so nothing was changed.")


WRITE = [
    Depends(same_origin),
    Depends(requires_access_dag("PUT", DagAccessEntity.TASK_INSTANCE, param_dag_id=DAG_ID)),
]
"""Airflow's users who may edit the Dag's task instances, from a page of this Airflow."""

User = GetUserDep


def may_write(user: User) -> bool:
    """Whether to offer this user what `WRITE` guards."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails

    return get_auth_manager().is_authorized_dag(
        method="PUT",
        access_entity=DagAccessEntity.TASK_INSTANCE,
        details=DagDetails(id=DAG_ID),
        user=user,
    )
