"""Accounts with their limits, projects, and API keys."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from assemblyai_sandbox import errors
from assemblyai_sandbox.errors import ApiError
from assemblyai_sandbox.settings import Settings

RATE_LIMIT_WINDOW_S = 300.0


@dataclass(slots=True)
class Account:
    """An account; all its keys and projects share its limits."""

    name: str
    concurrency: int
    rate_limit: int
    negative_balance: bool = False
    created_on: date | None = None
    requests: deque[float] = field(default_factory=deque)

    def allowed_in_parallel(self, settings: Settings) -> int:
        return 1 if self.negative_balance and settings.negative_balance == "limit" else self.concurrency

    def count_request(self, now: float, settings: Settings) -> None:
        """Count a request against the rate limit; raises :class:`ApiError` if it is reached."""
        while self.requests and self.requests[0] <= now - RATE_LIMIT_WINDOW_S:
            self.requests.popleft()
        if len(self.requests) >= self.rate_limit:
            wait = max(1, round((self.requests[0] if self.requests else now) + RATE_LIMIT_WINDOW_S - now))
            raise ApiError(settings.rate_limit_status, errors.RATE_LIMITED, {"Retry-After": str(wait)})
        self.requests.append(now)


@dataclass(frozen=True, slots=True)
class Project:
    """What a key gives access to. Uploads and transcripts are visible in their project only."""

    account: str
    name: str

    @property
    def path(self) -> str:
        return f"{self.account}/{self.name}"


class Accounts:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.projects: dict[str, Project] = {}
        self.by_name: dict[str, Account] = {}
        for key, path in settings.api_keys.items():
            self.add_key(key, path)

    def add_key(self, key: str, path: str) -> None:
        account, _, name = path.rpartition("/")
        project = Project(account or "default", name)
        self.projects[key] = project
        self.by_name.setdefault(
            project.account,
            Account(project.account, self._settings.concurrency, self._settings.rate_limit),
        )

    def authenticate(self, authorization: str | None) -> Project:
        """The project of a raw key; a missing, a wrong and a ``Bearer`` key raise the same 401."""
        project = self.projects.get(authorization or "")
        if project is None:
            raise ApiError(401, errors.AUTHENTICATION)
        return project

    def of(self, project: Project) -> Account:
        return self.by_name[project.account]

    def change(self, name: str, changes: Mapping[str, object]) -> None:
        """Change limits or the balance of an account; raises ``ValueError`` if one is unknown."""
        account = self.by_name.get(name)
        if account is None:
            raise ValueError(f"no account named {name!r}")
        for key, value in changes.items():
            if key in ("concurrency", "rate_limit") and type(value) is int:
                setattr(account, key, value)
            elif key == "negative_balance" and isinstance(value, bool):
                account.negative_balance = value
            elif key == "created_on" and isinstance(value, str):
                account.created_on = date.fromisoformat(value)
            else:
                raise ValueError(f"an account has no {key} of {value!r}")
