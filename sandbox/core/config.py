"""What the configuration file, ``wexio-sandbox.yaml``, says: the platform's habits, connections, retries, the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.core.model import Connection
from sandbox.core.profile import Profile
from sandbox.core.retry import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Without a file, Wexio as far as it is known."""

    profile: Profile = field(default_factory=Profile)
    connections: tuple[Connection, ...] = ()
    retry: RetryPolicy | str | None = None
    server: Mapping[str, Any] = field(
        default_factory=dict
    )  # by setting, as `sandbox.core.operating` reads them
