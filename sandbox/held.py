"""The connections that a server keeps: by id, on disk, some of them defined by the configuration file."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.clock import wall_now
from sandbox.core import documents as doc
from sandbox.core.cast import Cast
from sandbox.core.errors import Conflict, NotFound
from sandbox.core.ids import Seed
from sandbox.core.model import Connection, Hmac, Retired
from sandbox.core.profile import Profile
from sandbox.core.retry import RetryPolicy
from sandbox.engine import Sandbox
from sandbox.store import SqliteJournal


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A connection as the server holds it."""

    connection: Connection  # complete: id, secret and policy
    retry: RetryPolicy | str | None  # as it was given; None is the server's
    read_only: bool  # defined by the configuration file

    @property
    def given(self) -> Connection:
        """The connection with its policy as it was given: a run may have another default."""
        return replace(self.connection, retry=self.retry)


class HeldConnections:
    """Connects them to the *sandbox*, and keeps them in the *journal*'s file.

    *by_id* is kept up with their secrets, for whoever verifies.
    """

    def __init__(
        self, sandbox: Sandbox, journal: SqliteJournal, profile: Profile, by_id: dict[str, str]
    ) -> None:
        self._sandbox, self._journal, self._profile = sandbox, journal, profile
        self._secrets = by_id
        self._held: dict[str, Held] = {}

    def move(self, sandbox: Sandbox) -> None:
        """From now on, all are connected to this *sandbox*."""
        self._sandbox = sandbox
        for held in self._held.values():
            sandbox.connect(held.given)

    def all(self) -> tuple[Held, ...]:
        """Every one, in the order in which they came."""
        return tuple(self._held.values())

    def get(self, id: str) -> Held:
        """The one with this id.  Raises `NotFound`."""
        if id not in self._held:
            raise NotFound(f"there is no connection {id!r}")
        return self._held[id]

    def own(self, id: str) -> Held:
        """The one with this id, if it may be changed.  Raises `NotFound`, `Conflict`."""
        held = self.get(id)
        if held.read_only:
            name = held.connection.name
            raise Conflict(f"the connection {name!r} is defined by the configuration file: change it there")
        return held

    def new_secret(self) -> str:
        """A secret such as the platform generates."""
        return self._profile.signature.secret_prefix + secrets.token_hex(24)

    def rotated(self, id: str) -> Hmac:
        """A new secret for it; the old one retires, or is gone, as the profile has it.  Raises `Conflict`."""
        auth = self.own(id).connection.auth
        if not isinstance(auth, Hmac):
            raise Conflict(f"the connection {id} does not sign: only HMAC has a secret to rotate")
        overlap, retired = self._profile.signature.rotation_overlap, None
        if overlap and auth.secret is not None:
            retired = Retired(secret=auth.secret, until=wall_now() + overlap)
        return Hmac(secret=self.new_secret(), retired=retired)

    def add(self, given: Connection, *, read_only: bool = False) -> Held:
        """Take *given* in.  Raises `Conflict` where its name or id is taken."""
        self._name_is_free(given)
        if given.id in self._held:
            raise Conflict(f"a connection with the id {given.id} is there already")
        return self._note(given, self._sandbox.connect(given), read_only=read_only)

    def change(self, id: str, **changes: Any) -> Held:
        """Change fields; what is sent next goes by them.  Raises `NotFound`, `Conflict`, `UsageError`."""
        given = replace(self.own(id).given, **changes)
        self._name_is_free(given)
        if given.auth == Hmac():
            given = replace(given, auth=Hmac(secret=self.new_secret()))
        return self._note(given, self._sandbox.change(given), read_only=False)

    def hold(self, id: str, *, held: bool) -> Held:
        """Let all deliveries there wait, or go out again.  Raises `NotFound`.

        That is no part of how a connection is defined, so the configuration file's can be held too.
        """
        before = self.get(id)
        given = replace(before.given, held=held)
        return self._note(given, self._sandbox.change(given), read_only=before.read_only)

    def remove(self, id: str, reason: str) -> None:
        """Let go of it; what is pending ends as FAILED, for this *reason*."""
        del self._held[id]
        self._secrets.pop(id, None)
        self._sandbox.disconnect(id, reason)
        self._journal.remove_document("connection", id)

    def restore(self, defined: Iterable[Connection], kept: Mapping[str, Mapping[str, Any]]) -> None:
        """Those that the configuration file has *defined*, then those that were *kept*.

        A defined one without an id has one that follows from its name, and one without a
        secret keeps the one that was generated for it.  What was held still is.
        """
        fixed = Cast(Seed(0), profile=self._profile)
        for connection in defined:
            id = connection.id or fixed.connection_id(connection.name)
            auth = connection.auth
            if auth == Hmac() and id in kept and isinstance(before := doc.read_auth(kept[id]["auth"]), Hmac):
                auth = before
            held = id in kept and kept[id].get("held", False)
            self.add(replace(connection, id=id, auth=auth, held=held), read_only=True)
        for id, document in kept.items():
            if id in self._held:
                continue
            connection = doc.read_connection(document)
            taken = any(held.connection.name == connection.name for held in self._held.values())
            if document["read_only"]:
                self._journal.remove_document("connection", id)  # the file has it no more
            else:
                self.add(replace(connection, name=f"{connection.name} ({id[-6:]})") if taken else connection)

    def _name_is_free(self, connection: Connection) -> None:
        for id, held in self._held.items():
            if held.connection.name == connection.name and id != connection.id:
                raise Conflict(f"a connection called {connection.name!r} is there already: {id}")

    def _note(self, given: Connection, complete: Connection, *, read_only: bool) -> Held:
        id = str(complete.id)
        document = doc.connection_document(complete, given.retry) | {"read_only": read_only}
        self._journal.put_document("connection", id, document)
        self._secrets.pop(id, None)
        if isinstance(complete.auth, Hmac) and complete.auth.secret is not None:
            self._secrets[id] = complete.auth.secret
        held = self._held[id] = Held(connection=complete, retry=given.retry, read_only=read_only)
        return held
