"""What the configuration file, ``wexio-sandbox.yaml``, says: the platform's habits, connections, retries."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.core.model import Connection
from sandbox.core.profile import Profile
from sandbox.core.retry import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Without a file, Wexio as far as it is known."""

    profile: Profile = field(default_factory=Profile)
    connections: tuple[Connection, ...] = ()
    retry: RetryPolicy | str | None = None
