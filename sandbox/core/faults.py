"""What can go wrong with an attempt on purpose: kinds, their arguments, and when they hold.

A fault is asked for, never a surprise.  `Fault` is what was asked, `Fault.done` what
an attempt carries and every screen shows, and `Plan` decides which hold for an attempt.

How they compose, whatever their order in a list:

1. on the body, before it is signed: ``unknown_event``, ``unicode``, ``extra_fields``,
   ``large_body`` (last, so that its size is exact);
2. the signature is made over those bytes, as ``stale``, ``future``, ``wrong_secret``,
   ``malformed_signature`` or ``missing_signature`` say;
3. on the signed body: ``tampered_body``;
4. on the way: ``delay`` and ``reorder`` before it begins, ``slow_body``,
   ``truncated_body`` and ``reset`` while it goes out, ``duplicate`` after its answer;
   ``drop`` instead of all of them.

Of two that exclude each other, the first in the list that is drawn holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Final, Literal, get_args

from sandbox.core.durations import as_duration, format_duration
from sandbox.core.errors import UsageError
from sandbox.core.ids import Seed
from sandbox.core.sizes import LARGEST, format_size, parse_sent_size

Kind = Literal[
    "missing_signature",
    "malformed_signature",
    "wrong_secret",
    "stale",
    "future",
    "tampered_body",
    "truncated_body",
    "extra_fields",
    "unknown_event",
    "large_body",
    "unicode",
    "delay",
    "slow_body",
    "reset",
    "drop",
    "duplicate",
    "reorder",
]
Place = Literal["headers", "body"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
PLACES: Final[tuple[Place, ...]] = get_args(Place)
ON_SIGNATURE: Final = frozenset(KINDS[:5])
ON_STREAM: Final = frozenset({"slow_body", "truncated_body", "reset"})
"""Those that are no other bytes, but another way to send them."""
SIGNED_OTHERWISE: Final = ON_SIGNATURE | {"tampered_body", "truncated_body", "reset"}
"""Those after which signature and body do not go together, or not at this time."""
ON_DELIVERY: Final = frozenset({"delay", "drop", "duplicate", "reorder"})
"""Those of which a single request shows nothing."""

_ARGUMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "stale": {"by": timedelta(hours=1)},
    "future": {"by": timedelta(hours=1)},
    "large_body": {"size": 256_000},
    "delay": {"by": timedelta(seconds=3)},
    "slow_body": {"over": timedelta(seconds=2)},
    "reset": {"at": "body"},
    "reorder": {"window": 5},
}
"""What a kind takes besides ``attempt`` and ``chance``, and what holds where it is left out."""

_BEFORE: Final = frozenset({"delay", "reorder"})  # these happen before anything is sent, or dropped
MOST_IN_A_WINDOW: Final = 10_000
_NUMBERS: Final = ("attempt", "chance", "window")
_LONGEST: Final = timedelta(days=3650)
_MILLISECOND: Final = timedelta(milliseconds=1)
CREDENTIALS: Final = frozenset({"missing_signature", "malformed_signature", "wrong_secret"})
"""Those that show only where a request is signed or authorised."""
_ALONE: Final = (
    CREDENTIALS,
    frozenset({"stale", "future"}),
    frozenset({"truncated_body", "reset"}),
)


def arguments(kind: str) -> tuple[str, ...]:
    """What a fault of this *kind* can be told."""
    return (*_ARGUMENTS.get(kind, {}), "attempt", "chance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, and for which attempts.

    Durations are timedeltas, text as in scenarios, or seconds; a size is bytes or text.
    Raises `UsageError` for an unknown kind, an argument that it does not take, or a value out of
    range.
    """

    do: Kind
    attempt: int | None = None  # this one only; None, every one
    chance: float = 1.0  # of each attempt, drawn from the seed
    by: timedelta | None = None  # stale, future, delay
    over: timedelta | None = None  # slow_body
    size: int | None = None  # large_body: of the whole body
    at: Place | None = None  # reset: after the headers, or in mid-body
    window: int | None = None  # reorder

    def __post_init__(self) -> None:
        put = object.__setattr__
        if unknown := unknown_kind(self.do):
            raise UsageError(unknown)
        takes = _ARGUMENTS.get(self.do, {})
        for name in ("by", "over", "size", "at", "window"):
            given = getattr(self, name)
            if given is not None and name not in takes:
                raise UsageError(unknown_argument(self.do, name))
            if given is None and name in takes:
                put(self, name, takes[name])
        for name in ("by", "over"):
            if getattr(self, name) is not None:
                put(self, name, _longer_than_nothing(self.do, name, getattr(self, name)))
        if self.size is not None:
            put(self, "size", _size(self.size))
        if self.at is not None and self.at not in PLACES:
            raise UsageError(f"reset has no at={self.at!r}: headers or body")
        if self.window is not None and not _whole(self.window, 2, MOST_IN_A_WINDOW):
            raise UsageError(
                f"window is {self.window}: a whole number from 2 to {MOST_IN_A_WINDOW:,} is needed"
            )
        if self.attempt is not None and not _whole(self.attempt, 1, 1000):
            raise UsageError(f"attempt is {self.attempt}: a whole number from 1 to 1,000 is needed")
        if self.do == "reorder" and self.attempt not in (None, 1):
            raise UsageError("reorder is of first attempts: later ones keep their ladder's times")
        if isinstance(self.chance, bool) or not 0 <= self.chance <= 1:
            raise UsageError(f"chance is {self.chance}: a number from 0 to 1 is needed")

    @property
    def done(self) -> Fault:
        """What an attempt carries that this holds for: the deed without its condition."""
        return self if self.attempt is None and self.chance == 1 else replace(self, attempt=None, chance=1.0)

    def __str__(self) -> str:
        """For people: ``delay by 3s``, ``wrong_secret``."""
        said = "".join(
            f" {name} {value}" for name, value in self._told() if name not in ("attempt", "chance")
        )
        return f"{self.do}{said}"

    def json(self) -> dict[str, Any]:
        """As in a scenario: ``{"do": "delay", "by": "3s"}``."""
        return {"do": self.do, **dict(self._told())}

    def _told(self) -> Iterator[tuple[str, Any]]:
        for name in ("by", "over"):
            if (duration := getattr(self, name)) is not None:
                yield name, format_duration(duration)
        if self.size is not None:
            yield "size", format_size(self.size)
        if self.at is not None:
            yield "at", self.at
        if self.window is not None:
            yield "window", self.window
        if self.attempt is not None:
            yield "attempt", self.attempt
        if self.chance != 1:
            yield "chance", self.chance


Faults = tuple[Fault, ...]
ByKind = Mapping[str, Fault]
"""The faults of one attempt: each kind at most once."""


def read_fault(document: Mapping[str, Any]) -> Fault:
    """The inverse of `Fault.json`.  Raises `UsageError`."""
    if "do" not in document:
        raise UsageError("a fault says what it does: such as {do: delay, by: 3s}")
    kind = unknown_kind(document["do"])
    if kind is not None:
        raise UsageError(kind)
    for name in document:
        if name != "do" and name not in arguments(document["do"]):
            raise UsageError(unknown_argument(document["do"], name))
    return Fault(**document)


def parse_fault(text: str) -> Fault:
    """``wrong_secret``, ``delay:by=3s`` or ``delay:by=3s,attempt=2``: a fault as on a command line.

    Raises `UsageError`.
    """
    kind, colon, rest = text.partition(":")
    found: dict[str, Any] = {"do": kind}
    for item in rest.split(",") if colon else ():
        name, equals, value = item.partition("=")
        if not equals or not value:
            raise UsageError(f"{item!r}: an argument is written name=value, such as delay:by=3s,attempt=2")
        if name in found:
            raise UsageError(f"{name} is there twice")
        found[name] = _number(name, value) if name in _NUMBERS else value
    return read_fault(found)


def as_faults(faults: Iterable[Fault | Mapping[str, Any] | str]) -> Faults:
    """Faults as programs give them: values, mappings as in scenarios, or text as on a command line.

    Raises `UsageError`, also where one could never hold because of another.
    """
    if isinstance(faults, str | Mapping | Fault):
        raise UsageError("faults is a list: put it in brackets")
    held = []
    for item in faults:
        if isinstance(item, Fault):
            held.append(item)
        elif isinstance(item, str):
            held.append(parse_fault(item))
        elif isinstance(item, Mapping):
            held.append(read_fault(item))
        else:
            raise UsageError(f"{item!r} is no fault: 'wrong_secret' or {{'do': 'delay', 'by': '3s'}} is")
    return check_faults(held)


def unknown_kind(kind: object) -> str | None:
    """Why *kind* is none, and which was probably meant."""
    if isinstance(kind, str) and kind in KINDS:
        return None
    return f"there is no fault called {kind!r}{_meant(kind, KINDS)}"


def unknown_argument(kind: str, name: str) -> str:
    """Why a fault of this *kind* has no argument *name*, and which was probably meant."""
    return f"{kind} takes no {name!r}{_meant(name, arguments(kind))}"


def _meant(word: object, known: tuple[str, ...]) -> str:
    near = get_close_matches(str(word), known, 1)
    return f": did you mean {near[0]}?" if near else f": there are {', '.join(known)}"


def _number(name: str, text: str) -> int | float:
    try:
        return float(text) if name == "chance" else int(text)
    except ValueError:
        what = "a number from 0 to 1" if name == "chance" else "a whole number"
        raise UsageError(f"{name} is {text!r}: {what} is needed") from None


def excludes(one: Fault, other: Fault) -> str | None:
    """Why no attempt can carry both, or None."""
    if one.do == other.do:
        return f"{one.do} is there twice"
    if "drop" in (one.do, other.do):
        rest = other.do if one.do == "drop" else one.do
        return None if rest in _BEFORE else f"what is dropped is never sent, so nobody would see {rest}"
    if any({one.do, other.do} <= group for group in _ALONE):
        return f"{one.do} and {other.do} exclude each other"
    both = {one.do: one, other.do: other}
    if both.keys() == {"slow_body", "reset"} and both["reset"].at == "headers":
        return "a reset after the headers leaves no body that could be slow"
    return None


def collisions(faults: Iterable[Fault]) -> Iterator[tuple[int, str]]:
    """Each fault (its place in the list) that could never hold, because of one before it, and why."""
    known: list[Fault] = []
    for index, fault in enumerate(faults):
        for earlier in known:
            meet = earlier.chance == 1 and earlier.attempt in (None, fault.attempt)
            # A drop leaves nothing of the others, wherever it stands.
            silenced = fault.do == "drop" and fault.chance == 1 and fault.attempt in (None, earlier.attempt)
            if (meet or silenced) and (why := excludes(earlier, fault)):
                yield index, why
                break
        known.append(fault)


def check_faults(faults: Iterable[Fault]) -> Faults:
    """*faults* as they are.  Raises `UsageError` where one of them could never hold."""
    held = tuple(faults)
    for _, why in collisions(held):
        raise UsageError(why)
    return held


def of_one_event(faults: Faults) -> Faults:
    """*faults* as they are.  Raises `UsageError` where one of them needs several events to show."""
    if any(fault.do == "reorder" for fault in faults):
        raise UsageError("a single event has no order: reorder is for several, in a repeat or by a count")
    return faults


def of_one_request(faults: Faults) -> Faults:
    """*faults* as they are.  Raises `UsageError` where one does not show in the request itself, or is drawn."""
    for fault in faults:
        if fault.do in ON_STREAM | ON_DELIVERY:
            raise UsageError(
                f"{fault.do} is how a request is sent, and this one is not sent: emit an event with that fault"
            )
        if fault.chance != 1:
            raise UsageError(f"{fault.do}: a chance is drawn for what is delivered; leave it out")
    return faults


def drawn(
    faults: Faults, *, seed: Seed, event_id: str, connection_id: str, attempt: int, credentials: bool = True
) -> Faults:
    """Those of *faults* that this attempt carries; for the same seed and ids, always the same.

    Without *credentials* (a connection that neither signs nor authorises) there is nothing that could
    be missing, malformed or wrong.
    """
    held: list[Fault] = []
    for index, fault in enumerate(faults):
        if fault.attempt not in (None, attempt) or (fault.do == "reorder" and attempt != 1):
            continue
        if not credentials and fault.do in CREDENTIALS:
            continue
        if fault.chance < 1:
            name = f"fault/{index}/{connection_id}/{event_id}/{attempt}"
            if not seed.stream(name).chance(fault.chance):
                continue
        if fault.do == "drop":
            # Wherever in the list it stands: nothing is sent, so nothing else can be seen.
            held = [item for item in held if item.do in _BEFORE]
        if not any(excludes(earlier, fault) for earlier in held):
            held.append(fault.done)
    return tuple(held)


# --- values ------------------------------------------------------------------------


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _longer_than_nothing(kind: str, name: str, value: timedelta | str | float) -> timedelta:
    duration = as_duration(value)
    if not timedelta() < duration <= _LONGEST:
        raise UsageError(f"{kind}: {name} must be longer than 0s and at most ten years")
    # In whole milliseconds, as it is written down: from what a journal keeps of it the
    # same request must be made again.
    return _MILLISECOND * max(1, round(duration / _MILLISECOND))


def _size(value: int | str) -> int:
    if isinstance(value, str):
        try:
            return parse_sent_size(value)
        except ValueError as error:
            raise UsageError(str(error)) from None
    if not _whole(value, 1, LARGEST):
        raise UsageError(f"size is {value}: 1 to {LARGEST:,} bytes can be sent")
    return value
