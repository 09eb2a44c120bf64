"""One webhook request as Wexio would send it, for any test client: no network, nothing is noted.

Also one that a consumer has to refuse: signed with another secret, changed after it was
signed, or old.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.clock import wall_now
from sandbox.core.cast import Cast
from sandbox.core.catalogue import CHANNELS, known_event
from sandbox.core.durations import as_duration
from sandbox.core.envelope import Rendering, Target
from sandbox.core.errors import UsageError
from sandbox.core.faults import CREDENTIALS, Fault, Faults, as_faults, check_faults, of_one_request
from sandbox.core.ids import Seed
from sandbox.core.model import Auth, Connection, Event, Hmac, NoAuth
from sandbox.core.profile import Profile
from sandbox.core.scenario import Origin

DEFAULT_URL: Final = "http://localhost/webhooks/wexio"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """What a subscriber receives: hand ``method``, ``path`` or ``url``, ``headers`` and ``body`` to a client.

    ``headers`` is a dictionary of its own, in documented order and spelling, without
    Host and Content-Length; ``body`` are the very bytes that were signed.
    """

    url: str
    headers: dict[str, str]
    body: bytes
    event: Event  # what happened: its id, its data
    attempt: int
    auth: Auth = field(repr=False)  # what a receiver should go by; also where the request is broken
    method: str = "POST"
    _target: Target = field(repr=False, compare=False)
    _now: Callable[[], datetime] = field(repr=False, compare=False)

    @property
    def path(self) -> str:
        """The url's path and query, for clients that know their host."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def secret(self) -> str | None:
        """The secret by which a receiver should check it; None where it is not signed."""
        return self.auth.secret if isinstance(self.auth, Hmac) else None

    def again(
        self,
        *,
        attempt: int | None = None,
        wrong_secret: bool = False,
        tampered: bool = False,
        stale: timedelta | str | float | None = None,
        faults: Iterable[Fault | Mapping[str, Any] | str] = (),
    ) -> WebhookRequest:
        """The same event, tried once more: the next attempt, or the one that *attempt* says.

        The id stays, body and signature are new.  See `build_request` for the others.
        """
        number = self.attempt + 1 if attempt is None else attempt
        broken = _broken(self.auth, wrong_secret, tampered, stale, faults)
        return _rendered(self.event, self._target, number, self._now, broken)


class RequestBuilder:
    """Builds requests of one organisation, each of another event; the same *seed* builds the same ones.

    *secret* or *auth* is for requests that name neither, *now* gives the time at which they
    are sent.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        secret: str | None = None,
        auth: Auth | None = None,
        url: str = DEFAULT_URL,
        contacts: Mapping[str, Mapping[str, Any]] | None = None,
        now: Callable[[], datetime] = wall_now,
        profile: Profile | None = None,
    ) -> None:
        self.seed = secrets.randbelow(2**32) if seed is None else seed
        self._profile = profile or Profile()
        self._cast = Cast(Seed(self.seed), profile=self._profile, contacts=contacts)
        self._auth = _auth(secret, auth) or Hmac(secret=self._cast.secret("subscriber"))
        self._url = url
        self._now = now

    def __call__(
        self,
        event: str = "chat.created",
        *,
        channel: str | Sequence[str] | None = None,
        contact: str | Mapping[str, Any] | None = None,
        origin: Origin = "inbound",
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
        occurred_at: datetime | None = None,
        secret: str | None = None,
        auth: Auth | None = None,
        url: str | None = None,
        attempt: int = 1,
        wrong_secret: bool = False,
        tampered: bool = False,
        stale: timedelta | str | float | None = None,
        faults: Iterable[Fault | Mapping[str, Any] | str] = (),
    ) -> WebhookRequest:
        """One more request; see `build_request`."""
        known_event(event)
        by = _auth(secret, auth) or self._auth
        broken = _broken(by, wrong_secret, tampered, stale, faults)
        connection = Connection(
            name="subscriber",
            url=self._url if url is None else url,
            auth=by,
            id=self._cast.connection_id("subscriber"),
        )
        cameo = self._cast.chat_created(
            at=self._now() - _age(broken) - self._waited(attempt),
            channels=CHANNELS if channel is None else (channel,) if isinstance(channel, str) else channel,
            contact=self._cast.introduce(contact) if isinstance(contact, Mapping) else contact,
            origin=origin,
            data=data,
            event_id=id,
            occurred_at=occurred_at,
        )
        return _rendered(cameo.event, Target(connection, self._profile), attempt, self._now, broken)

    def _waited(self, attempt: int) -> timedelta:
        # So long ago has it happened what is now tried for the n-th time.
        return sum(self._profile.delivery.delays[: max(attempt - 1, 0)], timedelta())


def build_request(
    event: str = "chat.created",
    *,
    channel: str | Sequence[str] | None = None,
    contact: str | Mapping[str, Any] | None = None,
    origin: Origin = "inbound",
    data: Mapping[str, Any] | None = None,
    id: str | None = None,
    occurred_at: datetime | None = None,
    secret: str | None = None,
    auth: Auth | None = None,
    url: str = DEFAULT_URL,
    attempt: int = 1,
    wrong_secret: bool = False,
    tampered: bool = False,
    stale: timedelta | str | float | None = None,
    faults: Iterable[Fault | Mapping[str, Any] | str] = (),
    seed: int | None = None,
    now: datetime | None = None,
    profile: Profile | None = None,
) -> WebhookRequest:
    """The request that Wexio would send now, without sending it.

    *channel* to *occurred_at* say what has happened, as in `Sandbox.emit`.  It is signed
    with *secret*, or authorised by *auth*; without both a secret is made up, and is in the
    result.  Broken on purpose: *wrong_secret* authorises with another secret (token,
    password), *tampered* changes a value after signing, and *stale* is how long ago
    (``"10m"``, a timedelta or seconds) it was signed; *faults* are any that show in a request:
    ``"malformed_signature"``, ``"large_body:size=64kB"``, mappings or `Fault` values.  With a *seed* people and ids are
    the same each time, with *now* (aware) as well every byte.  Raises `UsageError` for
    what cannot be, and for what no receiver could notice.
    """
    if now is not None and now.tzinfo is None:
        raise UsageError("now needs an offset: datetime(..., tzinfo=UTC)")
    moment = None if now is None else now.astimezone(UTC)
    build = RequestBuilder(
        seed=seed, url=url, profile=profile, now=wall_now if moment is None else lambda: moment
    )
    return build(
        event,
        channel=channel,
        contact=contact,
        origin=origin,
        data=data,
        id=id,
        occurred_at=occurred_at,
        secret=secret,
        auth=auth,
        attempt=attempt,
        wrong_secret=wrong_secret,
        tampered=tampered,
        stale=stale,
        faults=faults,
    )


def _auth(secret: str | None, auth: Auth | None) -> Auth | None:
    if secret is not None and auth is not None:
        raise UsageError("secret and auth exclude each other: secret='…' is auth=Hmac('…')")
    if auth == Hmac():
        return None
    if auth is not None and not isinstance(auth, Auth):
        raise UsageError(f"auth is {type(auth).__name__}: Hmac, Bearer, Basic or NoAuth of sandbox is right")
    return auth if secret is None else Hmac(secret=secret)


def _broken(
    auth: Auth,
    wrong_secret: bool,
    tampered: bool,
    stale: timedelta | str | float | None,
    faults: Iterable[Fault | Mapping[str, Any] | str],
) -> Faults:
    """What goes wrong on purpose.  Refuses what nobody could notice, as then a test would prove nothing."""
    age = timedelta() if stale is None else as_duration(stale)
    if wrong_secret and isinstance(auth, NoAuth):
        raise UsageError("wrong_secret=True needs something to authorise with: give a secret")
    if (tampered or age) and not isinstance(auth, Hmac):
        what = "tampered=True" if tampered else "stale=…"
        raise UsageError(f"{what} shows only where requests are signed: give a secret")
    if age < timedelta():
        raise UsageError("stale is an age: give a duration above 0, such as 10m")
    asked = as_faults(faults)
    for fault in asked:
        if fault.do in CREDENTIALS and isinstance(auth, NoAuth):
            raise UsageError(f"{fault.do} needs something to authorise with: give a secret")
    said: list[Fault] = [Fault(do="wrong_secret")] if wrong_secret else []
    said += [Fault(do="tampered_body")] if tampered else []
    said += [Fault(do="stale", by=age)] if age else []
    return of_one_request(check_faults((*said, *asked)))


def _age(faults: Faults) -> timedelta:
    """How long ago it was signed: it happened before that."""
    return next((fault.by for fault in faults if fault.do == "stale" and fault.by), timedelta())


def _rendered(
    event: Event, target: Target, attempt: int, now: Callable[[], datetime], faults: Faults
) -> WebhookRequest:
    if attempt < 1:
        raise UsageError(f"attempt is {attempt!r}: they are counted from 1")
    held = tuple(fault for fault in faults if fault.attempt in (None, attempt))
    request = Rendering(event, target, attempt, now(), faults=held).request()
    return WebhookRequest(
        url=request.url,
        headers=dict(request.headers),
        body=request.body,
        event=event,
        attempt=attempt,
        auth=target.connection.auth,
        _target=target,
        _now=now,
    )
