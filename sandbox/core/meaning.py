"""What the fields of a scenario file mean together.

Looks at the file's plain value, not at the shapes, and steps over what has the wrong
form: so one reading tells every problem, of form and of meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Final, Literal

from sandbox.core.catalogue import CHANNELS, subscribes
from sandbox.core.faultfindings import faults_together, readable, without_credentials
from sandbox.core.faults import Faults
from sandbox.core.jsontext import NotJson, dumps
from sandbox.core.merge import faults
from sandbox.core.payloads import CHAT_FIELDS, CONTACT_FIELDS
from sandbox.core.scenario import NO_CONTACT

Path = tuple[str | int, ...]
MOST_EVENTS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that does not make sense, or that Wexio would not do."""

    path: Path
    message: str
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"
    at_key: bool = False


def findings(scenario: Any) -> Iterator[Finding]:
    """What is wrong, or odd, with the *scenario* as it stands in its file."""
    if not isinstance(scenario, dict):
        return
    contacts = _mapping(scenario.get("contacts"))
    yield from _contacts(contacts)
    yield from _integrations(scenario.get("integrations"))
    yield from _retry(scenario.get("retry"), ("retry",))
    yield from connection_findings(scenario.get("connections"))
    connections = scenario.get("connections")
    judge = _Steps(contacts=contacts, takes=_taken_by(connections), open_to_all=_open_to_all(connections))
    yield from judge.look(scenario.get("steps"), ("steps",), times=1)
    if judge.events > MOST_EVENTS:
        yield Finding(
            path=("steps",), message=f"{judge.events:,} events are more than {MOST_EVENTS:,}", at_key=True
        )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _contacts(contacts: Mapping[str, Any]) -> Iterator[Finding]:
    for name, fields in contacts.items():
        if name == NO_CONTACT:
            yield Finding(
                path=("contacts", name),
                message="none is no name: contact: none is a chat without a contact",
                hint="choose another name",
                at_key=True,
            )
        if isinstance(fields, dict):
            if "peopleId" in fields and fields["peopleId"] is None:
                yield Finding(
                    path=("contacts", name, "peopleId"),
                    message="peopleId is always there and cannot be removed",
                    hint="leave it out, and one is made up",
                )
            yield from _carried(fields, ("contacts", name))


def _integrations(integrations: Any) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for channel, id in _mapping(integrations).items():
        if isinstance(id, str) and (first := seen.setdefault(id, channel)) != channel:
            yield Finding(
                path=("integrations", channel),
                message=f"{first} has this integration already",
                hint="an integration is of one channel",
                severity="warning",
            )


def _carried(value: Any, path: Path) -> Iterator[Finding]:
    """What JSON cannot carry, all of it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _carried(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _carried(inner, (*path, index))
    else:
        try:
            dumps(value)
        except NotJson as error:
            yield Finding(path=path, message=error.says)


# --- retries and connections -----------------------------------------------------------


def _retry(retry: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(retry, dict):
        return
    attempts, delays, backoff = retry.get("attempts"), retry.get("delays"), retry.get("backoff")
    if isinstance(attempts, bool) or (isinstance(attempts, int) and attempts < 1):
        return  # told as what it is; what follows from it helps nobody
    if delays is not None and backoff is not None:
        yield Finding(path=(*path, "backoff"), message="delays and backoff exclude each other", at_key=True)
    if isinstance(attempts, int) and isinstance(delays, list) and len(delays) != attempts - 1:
        needed = attempts - 1
        yield Finding(
            path=(*path, "delays"),
            message=f"{_count(attempts, 'attempt')} {'has' if attempts == 1 else 'have'} {_count(needed, 'delay')} "
            f"between them, not {len(delays)}",
            hint=f"attempts: {len(delays) + 1}, or {'no delays' if not needed else _count(needed, 'delay')}",
        )
    if isinstance(attempts, int) and attempts > 1 and delays is None and backoff is None:
        yield Finding(
            path=path,
            message="attempts need delays or a backoff between them",
            hint=f"such as delays: [{', '.join(['5s', '10s', '20s', '40s', '1m20s'][: attempts - 1])}]"
            if attempts < 7
            else "such as backoff: {base: 5s}",
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def connection_findings(connections: Any) -> Iterator[Finding]:
    """Names and ids that occur twice, policies that do not add up."""
    for what in ("name", "id"):
        seen: dict[Any, int] = {}
        for index, connection in enumerate(_list(connections)):
            value = _mapping(connection).get(what)
            if isinstance(value, str) and seen.setdefault(value, index) != index:
                yield Finding(
                    path=("connections", index, what), message=f"the {what} {value!r} is used twice"
                )
    for index, connection in enumerate(_list(connections)):
        yield from _retry(_mapping(connection).get("retry"), ("connections", index, "retry"))


def config_findings(config: Any) -> Iterator[Finding]:
    """What is wrong with a configuration file, beyond its form."""
    yield from _retry(_mapping(config).get("retry"), ("retry",))
    yield from connection_findings(_mapping(config).get("connections"))
    rules = _mapping(_mapping(_mapping(config).get("profile")).get("delivery"))
    if ("attempts" in rules) != ("delays" in rules):
        yield Finding(
            path=("profile", "delivery"), message="attempts and delays are set together: one delay fewer"
        )
    else:
        yield from (
            replace(item, hint=None)
            for item in _retry({"attempts": 1, "delays": [], **rules}, ("profile", "delivery"))
        )


def _taken_by(connections: Any) -> Callable[[str], bool]:
    """Whether any of *connections*, where there are some, takes an event."""
    known = [_mapping(connection) for connection in _list(connections)]
    names = [
        _list(connection.get("events", ["chat.created"]))
        for connection in known
        if connection.get("active") is not False
    ]
    return lambda event: not known or any(subscribes(each, event) for each in names)


def _open_to_all(connections: Any) -> bool:
    """Whether none of *connections*, where there are some, signs or authorises."""
    auths = [_mapping(_mapping(connection).get("auth")) for connection in _list(connections)]
    return bool(auths) and all(auth.get("type") == "NONE" for auth in auths)


# --- steps -------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Steps:
    contacts: Mapping[str, Any]
    takes: Callable[[str], bool]
    open_to_all: bool = False
    events: int = 0
    ids: set[str] = field(default_factory=set)
    met: set[tuple[str, str]] = field(default_factory=set)  # (contact, channel) that had their first contact
    drawn: set[tuple[str, str]] = field(default_factory=set)  # those that may have had it

    def look(self, steps: Any, path: Path, *, times: int, faults: Faults = ()) -> Iterator[Finding]:
        for index, step in enumerate(_list(steps)):
            here = (*path, index)
            if not isinstance(step, dict):
                continue
            if "emit" in step:
                self.events += times
                yield from self._emit(step, here, times)
                yield from self._faults(step, here, faults, emissions=1)
            elif "repeat" in step:
                number = step["repeat"]
                again = number if isinstance(number, int) and number > 0 else 1
                before, own = self.events, tuple(fault for _, fault in readable(step.get("faults")))
                inner = list(
                    self.look(
                        step.get("steps"), (*here, "steps"), times=times * again, faults=(*faults, *own)
                    )
                )
                emissions = (self.events - before) // times
                yield from self._faults(step, here, faults, emissions=emissions)
                yield from inner
            elif "expect" in step:
                yield from _expect(step["expect"], (*here, "expect"))

    def _emit(self, step: Mapping[str, Any], path: Path, times: int) -> Iterator[Finding]:
        event, contact, data = step["emit"], step.get("contact"), step.get("data")
        if isinstance(event, str) and not self.takes(event):
            yield Finding(path=(*path, "emit"), message=f"no connection takes {event}", severity="warning")
        if isinstance(contact, str) and contact != NO_CONTACT and contact not in self.contacts:
            near = get_close_matches(contact, self.contacts, 1)
            known = (
                f"there are {', '.join(self.contacts)}" if self.contacts else "leave it out for somebody new"
            )
            hint = f"did you mean {near[0]}?" if near else known
            yield Finding(path=(*path, "contact"), message=f"no contact is called {contact!r}", hint=hint)
        yield from self._id(step.get("id"), (*path, "id"), times)
        yield from self._first_contact(step, contact, path, times)
        if isinstance(data, dict):
            yield from data_findings(data, contact, (*path, "data"))

    def _faults(
        self, step: Mapping[str, Any], path: Path, outer: Faults, *, emissions: int
    ) -> Iterator[Finding]:
        found = step.get("faults")
        for place, says, hint in faults_together(found, outer=outer, emissions=emissions):
            yield Finding(path=(*path, "faults", place), message=says, hint=hint)
        for place, kind in without_credentials(found) if self.open_to_all else ():
            says = f"no connection signs or authorises: {kind} changes nothing"
            yield Finding(path=(*path, "faults", place), message=says, severity="warning")

    def _id(self, id: Any, path: Path, times: int) -> Iterator[Finding]:
        if not isinstance(id, str):
            return
        if times > 1:
            yield Finding(
                path=path, message="an id inside a repeat would be used several times", hint="leave it out"
            )
        elif id in self.ids:
            yield Finding(
                path=path, message=f"the id {id!r} is used twice", hint="an event has an id of its own"
            )
        self.ids.add(id)

    def _first_contact(
        self, step: Mapping[str, Any], contact: Any, path: Path, times: int
    ) -> Iterator[Finding]:
        given = step.get("channel")
        channels = (
            [given] if isinstance(given, str) else [item for item in _list(given) if isinstance(item, str)]
        )
        if step.get("origin") == "flow" and "INSTAGRAM" in (channels or CHANNELS):
            may = "" if channels == ["INSTAGRAM"] else "may be drawn, and "
            yield Finding(
                path=(*path, "origin"),
                message=f"INSTAGRAM {may}has no proactive chats: there the contact writes first",
                hint=None if channels == ["INSTAGRAM"] else "name the channels to draw from",
                severity="warning",
            )
        if not isinstance(contact, str) or contact == NO_CONTACT:
            return
        pool = [channel for channel in CHANNELS if channel in (channels or CHANNELS)]
        here = {(contact, channel) for channel in pool}
        if says := self._again(contact, pool, here, times):
            yield Finding(
                path=(*path, "contact"),
                message=says,
                hint="Wexio sends chat.created once for a contact and integration"
                if len(pool) == 1
                else "name a channel for each: Wexio sends chat.created once for a contact and integration",
                severity="warning",
            )
        (self.met if len(pool) == 1 else self.drawn).update(here)

    def _again(self, contact: str, pool: Sequence[str], here: set[tuple[str, str]], times: int) -> str | None:
        """Why this is not, or may not be, the first contact with all of *here*."""
        if here <= self.met:
            return f"{contact} has had a first contact on {' and '.join(pool)} already"
        if times > len(pool):
            return f"{contact} would have {times} first contacts on {_count(len(pool), 'channel')}"
        if again := [channel for channel in pool if (contact, channel) in self.met | self.drawn]:
            return f"{contact} may have had a first contact on {' or '.join(again)} already"
        if times > 1:
            return f"{contact} may have {times} first contacts on one channel"
        return None


def data_findings(data: Mapping[str, Any], contact: Any, path: Path = ()) -> Iterator[Finding]:
    """What would leave no ``chat.created``, and fields that are probably misspelt."""
    for inner, says in faults(data):
        yield Finding(path=(*path, *inner), message=says)
    yield from _carried(data, path)
    if contact == NO_CONTACT and data.get("contact") is not None:
        yield Finding(path=(*path, "contact"), message="contact: none leaves data.contact out", at_key=True)
    for inner, found in (((), data), (("chat",), data.get("chat")), (("contact",), data.get("contact"))):
        yield from _nearly(inner, found, path)


_FIELDS: Final[Mapping[Path, Sequence[str]]] = {
    (): ("chat", "contact"),
    ("chat",): CHAT_FIELDS,
    ("contact",): CONTACT_FIELDS,
}


def _nearly(inner: Path, value: Any, path: Path) -> Iterator[Finding]:
    """Fields that are probably a documented one, misspelt or misplaced; others may be added at will."""
    known = _FIELDS[inner]
    for name in _mapping(value):
        if name in known:
            continue
        near = get_close_matches(name, known, 1, 0.8)
        homes = [str(home[0]) for home, fields in _FIELDS.items() if home and name in fields]
        if near or homes:
            yield Finding(
                path=(*path, *inner, name),
                message=f"Wexio documents no field {name!r} here",
                hint=f"it is a field of {' and of '.join(homes)}" if homes else f"did you mean {near[0]}?",
                severity="warning",
                at_key=True,
            )


def _expect(expect: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(expect, dict):
        return
    said = {name for name, value in expect.items() if value is not None}
    if not said:
        yield Finding(path=path, message="expects nothing", hint="such as {status: SUCCESS, deliveries: 4}")
    elif said == {"status"}:
        yield Finding(
            path=path,
            message="this holds whatever happens: it selects deliveries, and says nothing of them",
            hint="say how many, such as deliveries: 1",
            severity="warning",
        )
    for name in ("deliveries", "attempts"):
        span = expect.get(name)
        if isinstance(span, dict):
            low, high = span.get("min"), span.get("max")
            if low is None and high is None:
                yield Finding(
                    path=(*path, name), message="says neither min nor max", hint="such as {min: 1, max: 3}"
                )
            elif isinstance(low, int) and isinstance(high, int) and low > high:
                yield Finding(path=(*path, name), message=f"min {low} is more than max {high}")
