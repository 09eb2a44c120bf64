"""The connections of one sandbox, complete: each with its id, its secret and its retry policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sandbox.core.cast import Cast
from sandbox.core.envelope import Target
from sandbox.core.errors import UsageError
from sandbox.core.model import Connection, Hmac
from sandbox.core.profile import Profile
from sandbox.core.retry import RetryPolicy, preset


class Connections:
    """Completes what it is given: ids and secrets come from the *cast*, so from the seed.

    *retry* is for connections that name no policy; *attempt_timeout* goes before every
    policy's.
    """

    def __init__(
        self,
        cast: Cast,
        profile: Profile,
        *,
        retry: RetryPolicy | str,
        attempt_timeout: timedelta | None = None,
    ) -> None:
        self._cast, self._profile = cast, profile
        self._retry = self._policy(retry)
        self._attempt_timeout = attempt_timeout
        self._by_id: dict[str, Connection] = {}

    def all(self) -> tuple[Connection, ...]:
        """Every connection, in the order in which they came."""
        return tuple(self._by_id.values())

    def add(self, connection: Connection) -> Connection:
        """Take *connection* in.  Raises `UsageError` where its name or id is taken."""
        if connection.id is not None and connection.id in self._by_id:
            raise UsageError(f"a connection with the id {connection.id} is there already")
        return self._put(connection)

    def replace(self, connection: Connection) -> Connection:
        """Put *connection* where the one with its id was."""
        assert connection.id in self._by_id, "only a connection that is there can be changed"
        return self._put(connection)

    def remove(self, connection_id: str) -> None:
        """Let go of it, if it is there."""
        self._by_id.pop(connection_id, None)

    def target(self, connection: Connection) -> tuple[Target, RetryPolicy]:
        """What a dispatcher needs to deliver to one of these connections."""
        assert isinstance(connection.retry, RetryPolicy)
        return Target(connection, self._profile), connection.retry

    def _put(self, connection: Connection) -> Connection:
        others = (other for id, other in self._by_id.items() if id != connection.id)
        if any(other.name == connection.name for other in others):
            raise UsageError(f"a connection called {connection.name!r} is there already")
        if connection.id is None:
            connection = replace(connection, id=self._cast.connection_id(connection.name))
        if connection.auth == Hmac():
            connection = replace(connection, auth=Hmac(secret=self._cast.secret(connection.name)))
        policy = self._policy(connection.retry) if connection.retry is not None else self._retry
        if self._attempt_timeout is not None:
            policy = replace(policy, timeout=self._attempt_timeout)
        connection = replace(connection, retry=policy)
        self._by_id[str(connection.id)] = connection
        return connection

    def _policy(self, retry: RetryPolicy | str) -> RetryPolicy:
        return preset(retry, self._profile) if isinstance(retry, str) else retry
