"""Entries for the journal on disk: deliveries whose lives are told step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sandbox.core.entries import Attempted, Attempting, Emitted, Entry, Resent, Settled
from sandbox.core.envelope import Rendering, Target
from sandbox.core.faults import Fault
from sandbox.core.model import Auth, Basic, Bearer, Connection, Event, Hmac, NoAuth, Outcome, Response, Status

START = datetime(2026, 4, 24, 14, 2, 10, 123_456, tzinfo=UTC)
OK = Response(status=200, headers=(("Server", "x"), ("Date", "today")), body=b"ok")
SIGNED = Hmac("whsec_x")
BROKEN = Response(status=500, headers=(), body=b"\xff\x00no text", truncated=True)


def target(letter: str = "a", auth: Auth = SIGNED, url: str = "http://127.0.0.1:1/hook") -> Target:
    return Target(Connection(name=f"crm {letter}", url=url, auth=auth, id=letter * 24))


HMAC, BEARER, BASIC, NONE = (
    target("a"),
    target("b", Bearer("token-of-b")),
    target("c", Basic("me", "password-of-c")),
    target("d", NoAuth()),
)


class Life:
    """One event and its deliveries; each call is the next entry, and appends it where *append* is given."""

    def __init__(self, number, *targets, run="run_1", channel="VIBER", at=START, append=lambda entry: None):
        self.targets = targets or (HMAC,)
        self.run, self.at, self.append = run, at, append
        self.event = Event(
            id=f"evt_{number}",
            name="chat.created",
            occurred_at=at - timedelta(seconds=1),
            organisation_id="6640f3d5c8a0d7e8b7f20222",
            data_json=b'{"chat":{"number":%d,"name":"\xd0\x9e\xd0\xbb\xd0\xb5\xd0\xbd\xd0\xb0"}}' % number,
            channel=channel,
        )
        self.ids = [f"dlv_{run}_{number}_{item.id[0]}" for item in self.targets]
        self.begun = [0] * len(self.targets)
        self.renderings = [None] * len(self.targets)  # of each delivery's last attempt

    @property
    def id(self) -> str:
        return self.ids[0]

    def _is(self, which: int) -> dict:
        return {
            "at": self.at,
            "run_id": self.run,
            "delivery_id": self.ids[which],
            "event_id": self.event.id,
            "connection_id": self.targets[which].id,
        }

    def _told(self, entry: Entry) -> Entry:
        self.append(entry)
        return entry

    def emitted(self, late: timedelta | None = None) -> Entry:
        """*late*: a fault delays the first attempt of each."""
        delayed = () if late is None else tuple((id, self.at + late) for id in self.ids)
        faults = () if late is None else (Fault(do="delay", by=late),)
        deliveries = tuple(zip(self.ids, (item.id for item in self.targets), strict=True))
        return self._told(
            Emitted(
                at=self.at,
                run_id=self.run,
                event=self.event,
                who="Олена K.",
                deliveries=deliveries,
                faults=faults,
                late=delayed,
            )
        )

    def attempting(self, which: int = 0) -> Entry:
        self.begun[which] += 1
        stamp = self.at + timedelta(minutes=1)
        rendering = Rendering(self.event, self.targets[which], self.begun[which], stamp)
        rendering.request()
        self.renderings[which] = rendering
        return self._told(
            Attempting(attempt=self.begun[which], rendering=self.renderings[which], **self._is(which))
        )

    def attempted(
        self, outcome: Outcome = OK, which: int = 0, again: timedelta | None = None, *, copy: bool = False
    ) -> Entry:
        rendering = self.renderings[which]
        if copy:
            rendering = replace(rendering, faults=(Fault(do="duplicate"),))
        return self._told(
            Attempted(
                attempt=self.begun[which],
                rendering=rendering,
                outcome=outcome,
                copy=copy,
                started_at=self.at - timedelta(milliseconds=7),
                elapsed_ms=12.345678,
                timing={"connect": 0.5, "first_byte": 11.9},
                next_attempt_at=None if again is None else self.at + again,
                **self._is(which),
            )
        )

    def settled(self, status: Status = Status.SUCCESS, which: int = 0, reason: str = "") -> Entry:
        return self._told(
            Settled(status=status, attempt_count=self.begun[which], reason=reason, **self._is(which))
        )

    def resent(self, which: int = 0, late: timedelta | None = None) -> Entry:
        due = None if late is None else self.at + late
        return self._told(Resent(**self._is(which), next_attempt_at=due))

    def whole(self, status: Status = Status.SUCCESS, outcome: Outcome = OK) -> list[Entry]:
        """From its beginning to its end in one attempt for each delivery."""
        entries = [self.emitted()]
        for which in range(len(self.targets)):
            entries += [
                self.attempting(which),
                self.attempted(outcome, which),
                self.settled(status, which),
            ]
        return entries
