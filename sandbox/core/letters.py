"""What the report card sends: valid deliveries of people of its own, and what an attacker makes of one.

Everybody here has a name in plain Latin letters, so that a consumer which stumbles over
other letters does so in the check that is about them, and only there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from sandbox.core.cast import Cast
from sandbox.core.catalogue import CHANNELS
from sandbox.core.envelope import Rendering, Target
from sandbox.core.faults import Fault
from sandbox.core.ids import Seed
from sandbox.core.model import Connection, Event, Hmac, Request
from sandbox.core.moments import isoformat
from sandbox.core.profile import SIGNATURE_HEADER, Profile
from sandbox.core.scenario import NO_CONTACT
from sandbox.core.signing import sign

HOUR: Final = timedelta(hours=1)
REFORMATTED: Final = "the same JSON in other bytes"
_TIMESTAMP: Final = "X-Wexio-Timestamp"
_FIRST: Final = (
    "Alex",
    "Maria",
    "Tom",
    "Nina",
    "Peter",
    "Lena",
    "Oscar",
    "Ida",
    "Paul",
    "Vera",
    "Hugo",
    "Rosa",
)
_LAST: Final = (
    "Stone",
    "Berg",
    "Miller",
    "Novak",
    "Keller",
    "Rossi",
    "Hansen",
    "Moreau",
    "Silva",
    "Walker",
    "Lund",
)

Defect = tuple[str, Request]
"""What is wrong with a request, and the request."""


class Letters:
    """Writes requests for one *connection*; each event has an id and a person of its own."""

    def __init__(
        self, connection: Connection, *, seed: int, now: Callable[[], datetime], profile: Profile
    ) -> None:
        self._cast = Cast(Seed(seed), profile=profile, run="check")
        self.connection = replace(connection, id=connection.id or self._cast.connection_id(connection.name))
        self._target, self._now, self._numbers = Target(self.connection, profile), now, count()
        self.profile = profile
        self.home = CHANNELS[0]
        """The channel of every request that is not about channels."""

    # --- valid ---------------------------------------------------------------------------

    def event(
        self,
        *,
        channel: str | None = None,
        contact: bool = True,
        data: Mapping[str, Any] | None = None,
        ago: timedelta = timedelta(),
        at: datetime | None = None,
    ) -> Event:
        """Somebody's first contact, *ago* from now or *at* a moment; *data* is merged over it."""
        number = next(self._numbers)
        last, first = divmod(number, len(_FIRST))
        pins = {"firstName": _FIRST[first], "lastName": _LAST[last % len(_LAST)], "locale": "en_US"}
        laid = dict(data or {})
        if contact:
            who = self._cast.introduce(pins)
        else:
            who, chat = (
                NO_CONTACT,
                {"firstName": pins["firstName"], "lastName": pins["lastName"], "title": None},
            )
            laid = {"chat": chat, **laid}
        return self._cast.chat_created(
            at=at or self._now() - ago, channels=(channel or self.home,), contact=who, data=laid
        ).event

    def request(self, event: Event, attempt: int = 1, *faults: Fault) -> Request:
        """*event* as Wexio would send it now, or with *faults*."""
        return Rendering(
            event=event, target=self._target, attempt=attempt, stamp=self._now(), faults=faults
        ).request()

    # --- defective -----------------------------------------------------------------------

    @property
    def signs(self) -> bool:
        """Whether requests carry a signature."""
        return isinstance(self.connection.auth, Hmac)

    def missing(self) -> Iterator[Defect]:
        """Without what proves who sent it."""
        what = "no signature" if self.signs else "no Authorization"
        yield what, self.request(self.event(), 1, Fault(do="missing_signature"))

    def malformed(self) -> Iterator[Defect]:
        """With something there that cannot be read; there is a consumer that crashes on each of these."""
        yield (
            "a signature that cannot be read" if self.signs else "an Authorization of the scheme alone",
            self.request(self.event(), 1, Fault(do="malformed_signature")),
        )
        request = self.request(self.event())
        if not self.signs:
            yield "an Authorization that is nonsense", _with(request, "Authorization", "nonsense")
            return
        time, digest = self._signature(request.body)
        for what, header in (
            ("a signature without its v1", f"t={time}"),
            ("a signature without its t", f"v1={digest}"),
            ("a t that is no number", f"t=now,v1={digest}"),
            ("a v1 that is empty", f"t={time},v1="),
            ("the right v1, cut after 16 digits", f"t={time},v1={digest[:16]}"),
            ("a v1 that is not hex", f"t={time},v1={'z' * 64}"),
            ("a v1 of letters beyond ASCII", f"t={time},v1={'é' * 64}"),
            ("the right digest under another name than v1", f"t={time},v0={digest}"),
        ):
            yield what, _with(request, SIGNATURE_HEADER, header)

    def forged(self) -> Iterator[Defect]:
        """By somebody who does not know the secret, and by somebody who has guessed all but a digit."""
        what = "a signature by another secret" if self.signs else "other credentials"
        yield what, self.request(self.event(), 1, Fault(do="wrong_secret"))
        request = self.request(self.event())
        if not self.signs:
            scheme, _, said = _value(request, "Authorization").partition(" ")
            if len(said) > 1:
                what = "the right credentials but for one letter"
                yield what, _with(request, "Authorization", f"{scheme} {nearly(said)}")
            return
        time, digest = self._signature(request.body)
        for what, other in (
            ("the right v1 but for its last digit", digest[:-1] + _another(digest[-1])),
            ("the right v1 but for its first digit", _another(digest[0]) + digest[1:]),
        ):
            yield what, _with(request, SIGNATURE_HEADER, f"t={time},v1={other}")

    def tampered(self) -> Iterator[Defect]:
        """With other bytes than were signed."""
        request = self.request(self.event())
        what = f"{REFORMATTED}: one space was added after signing"
        yield what, request._replace(body=b"{ " + request.body[1:])
        what = "one value that was changed after signing"
        yield what, self.request(self.event(), 1, Fault(do="tampered_body"))

    def stale(self) -> Iterator[Defect]:
        """Recorded an hour ago and sent again: as it was, and with a fresh header that nothing signs."""
        old = self.request(self.event(ago=HOUR), 1, Fault(do="stale", by=HOUR))
        yield "a signature that is an hour old", old
        what = f"a signature that is an hour old, with a fresh {_TIMESTAMP}, which nothing signs"
        yield what, _with(old, _TIMESTAMP, isoformat(self._now()))

    def future(self) -> Iterator[Defect]:
        """From a clock that is an hour ahead."""
        yield "a signature that is an hour ahead", self.request(self.event(), 1, Fault(do="future", by=HOUR))

    def garbage(self) -> Iterator[Defect]:
        """Bodies that are no event, validly signed."""
        for what, body in (
            ("a body that is not JSON", b'{"id": "evt_'),
            ("a body that is not UTF-8", b'\x80\xff{"id": "Zo\xeb"'),
            ("an empty body", b""),
        ):
            request = self.request(self.event())._replace(body=body)
            if self.signs:
                time, digest = self._signature(body)
                request = _with(request, SIGNATURE_HEADER, f"t={time},v1={digest}")
            yield what, request

    def _signature(self, body: bytes) -> tuple[int, str]:
        assert self._target.secret is not None
        rules = self.profile.signature
        time = int(self._now().timestamp() * (1 if rules.unit == "seconds" else 1000))
        return time, sign(self._target.secret, time, body, rules=rules).rpartition("=")[2]


def nearly(credentials: str) -> str:
    """*credentials*, wrong in one letter: no less a secret than they are."""
    return credentials[:1] + ("A" if credentials[1:2] != "A" else "B") + credentials[2:]


def _value(request: Request, name: str) -> str:
    return next(value for key, value in request.headers if key == name)


def _with(request: Request, name: str, value: str | None) -> Request:
    """*request* with another header, in its place; None leaves it out."""
    headers = ((key, value if key == name else old) for key, old in request.headers)
    return request._replace(headers=tuple((key, said) for key, said in headers if said is not None))


def _another(digit: str) -> str:
    return "0" if digit != "0" else "1"
