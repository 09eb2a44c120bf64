"""The shapes of a fault, as a scenario's step and an API's body give it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Discriminator, PlainValidator, Tag, WithJsonSchema

from sandbox.core import readers as read
from sandbox.core import scalars as of
from sandbox.core.faults import KINDS, PLACES, Fault, arguments


class FaultShape(BaseModel):
    """Something that goes wrong on purpose."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    like: ClassVar[str] = "{do: wrong_secret}"

    chance: of.Chance = 1.0
    """Of each attempt, drawn from the seed; default, always."""


def _do(*kinds: str) -> Any:
    return Annotated[str, PlainValidator(read.fault_kind(*kinds)), WithJsonSchema({"enum": list(kinds)})]


_WITHOUT: Final = tuple(kind for kind in KINDS if arguments(kind) == ("attempt", "chance"))


class PlainFaultShape(FaultShape):
    """It needs nothing to be said about it."""

    do: _do(*_WITHOUT)  # type: ignore[valid-type]
    attempt: of.Attempts | None = None
    """This attempt only; default, every one."""


class MovedFaultShape(FaultShape):
    """Signed as if earlier (stale) or later (future), or sent later (delay)."""

    do: _do("stale", "future", "delay")  # type: ignore[valid-type]
    attempt: of.Attempts | None = None
    """This attempt only; default, every one."""
    by: of.SomeDuration | None = None
    """Default: 1h; of a delay, 3s."""


class SlowFaultShape(FaultShape):
    """The body trickles, in real time."""

    do: _do("slow_body")  # type: ignore[valid-type]
    attempt: of.Attempts | None = None
    """This attempt only; default, every one."""
    over: of.SomeDuration | None = None
    """Default: 2s."""


class LargeFaultShape(FaultShape):
    """The body is exactly so large."""

    do: _do("large_body")  # type: ignore[valid-type]
    attempt: of.Attempts | None = None
    """This attempt only; default, every one."""
    size: of.Size | None = None
    """Default: 256kB."""


class ResetFaultShape(FaultShape):
    """The connection is reset."""

    do: _do("reset")  # type: ignore[valid-type]
    attempt: of.Attempts | None = None
    """This attempt only; default, every one."""
    at: Annotated[str, PlainValidator(read.word(*PLACES)), WithJsonSchema({"enum": list(PLACES)})] = "body"
    """After the headers, or in mid-body."""


class ReorderFaultShape(FaultShape):
    """First attempts are held, and let go in another order."""

    do: _do("reorder")  # type: ignore[valid-type]
    window: of.Window | None = None
    """How many are held at once for a connection; default: 5."""


class UnknownFaultShape(BaseModel):
    """Says which kinds there are."""

    model_config = ConfigDict(extra="ignore")

    like: ClassVar[str] = FaultShape.like

    do: _do(*KINDS)  # type: ignore[valid-type]


_TAGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_WITHOUT, "§plain"),
    **dict.fromkeys(("stale", "future", "delay"), "§moved"),
    "slow_body": "§slow",
    "large_body": "§large",
    "reset": "§reset",
    "reorder": "§reorder",
}


def _kind(value: object) -> str:
    kind = value.get("do") if isinstance(value, Mapping) else getattr(value, "do", None)
    return _TAGS.get(kind, "§unknown") if isinstance(kind, str) else "§unknown"


FaultForm = Annotated[
    Annotated[PlainFaultShape, Tag("§plain")]
    | Annotated[MovedFaultShape, Tag("§moved")]
    | Annotated[SlowFaultShape, Tag("§slow")]
    | Annotated[LargeFaultShape, Tag("§large")]
    | Annotated[ResetFaultShape, Tag("§reset")]
    | Annotated[ReorderFaultShape, Tag("§reorder")]
    | Annotated[UnknownFaultShape, Tag("§unknown"), WithJsonSchema({"not": {}})],
    Discriminator(_kind),
]


def fault_of(shape: Any) -> Fault:
    """The value that a shape stands for."""
    return Fault(**shape.model_dump(exclude_none=True))
