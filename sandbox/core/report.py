"""What a report tells of a run: which deliveries, what of each attempt, and nothing that is secret.

The page itself is made by `sandbox.core.reportpage`.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from sandbox.core.entries import Attempted, Verdict
from sandbox.core.junit import FAILED_LISTED, LISTED
from sandbox.core.ledger import Delivery
from sandbox.core.model import Basic, Bearer, Connection, Hmac, Response, Status
from sandbox.core.profile import Profile
from sandbox.core.retry import RetryPolicy

WHOLE: Final = 50
"""Of the deliveries without success beyond the listed ones, so many are told whole, the others in a line."""
REQUEST_SHOWN: Final = 16_384
ANSWER_SHOWN: Final = 4096
"""How many characters of a body are shown."""

# Shorter ones would take ordinary words of the page with them.
_SHORTEST_SECRET: Final = 6


def unexplained(attempt: Attempted) -> str | None:
    """No explanation at hand."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One scenario that was played, or begun."""

    name: str
    description: str = ""
    command: str  # to play it again; without secrets
    began: datetime  # on the sandbox's clock
    seed: int
    speed: float | str = 1.0
    signature_time: str = "wall"
    connections: Sequence[Connection] = ()
    built_in: bool = False  # whether the built-in subscriber received
    remarks: Sequence[str] = ()
    deliveries: Sequence[Delivery] = ()
    verdict: Verdict | None = None  # None where it was interrupted
    explain: Callable[[Attempted], str | None] = unexplained
    """The likely reason why an attempt was refused, where one is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that one page is made of."""

    plays: Sequence[Play]
    not_played: Sequence[str] = ()
    profile: Profile = field(default_factory=Profile)
    version: str
    made_at: datetime  # real time


Ending = Literal["PASSED", "FAILED", "INTERRUPTED"]


def ending(play: Play) -> Ending:
    """How a play ended."""
    if play.verdict is None:
        return "INTERRUPTED"
    return "PASSED" if play.verdict.passed else "FAILED"


def overall(report: Report) -> Ending:
    """How all of them ended: passed only where every one was played and passed."""
    endings = {ending(play) for play in report.plays}
    if "INTERRUPTED" in endings or report.not_played or not endings:
        return "INTERRUPTED"
    return "FAILED" if "FAILED" in endings else "PASSED"


# --- which deliveries ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which deliveries are told, each with its number in the order of emission."""

    whole: tuple[tuple[int, Delivery], ...]
    brief: tuple[tuple[int, Delivery], ...]  # in a line; none of them succeeded
    left_out: Counter[Status]

    def __bool__(self) -> bool:
        """Whether all are told whole."""
        return not self.brief and not self.left_out


def choose(deliveries: Sequence[Delivery]) -> Choice:
    """As JUnit lists them: the first ones, and those without success beyond; of many, most in a line."""
    numbered = list(enumerate(deliveries, 1))
    failed = [item for item in numbered[LISTED:] if item[1].status is not Status.SUCCESS]
    told = failed[:FAILED_LISTED]
    left_out = Counter(item.status for item in deliveries[LISTED:])
    left_out.subtract(item.status for _, item in told)
    return Choice(
        whole=(*numbered[:LISTED], *told[:WHOLE]),
        brief=tuple(told[WHOLE:]),
        left_out=+left_out,
    )


def by_channel(deliveries: Iterable[Delivery]) -> Mapping[str, Counter[Status]]:
    """How many are in which state, channel by channel."""
    counts: dict[str, Counter[Status]] = {}
    for item in deliveries:
        counts.setdefault(item.channel or "–", Counter())[item.status] += 1
    return dict(sorted(counts.items()))


def outcomes(deliveries: Iterable[Delivery]) -> Counter[str]:
    """How many attempts ended in ``200``, in ``timeout`` and so on."""
    return Counter(in_a_word(attempt) for item in deliveries for attempt in item.counted)


# --- attempts --------------------------------------------------------------------------


class Kind(StrEnum):
    """What an attempt came to; each has its shape on the page."""

    TAKEN = "taken"
    REFUSED = "refused"
    SILENT = "silent"
    CUT = "cut"


KIND_SAYS: Final = {
    Kind.TAKEN: "taken",
    Kind.REFUSED: "refused: another status",
    Kind.SILENT: "no answer: timeout, no connection …",
    Kind.CUT: "cut off: the run ended",
}


def kind(attempt: Attempted) -> Kind:
    """What *attempt* came to, by its connection's own rule of success."""
    outcome = attempt.outcome
    if isinstance(outcome, Response):
        policy = attempt.rendering.target.connection.retry
        success = policy.success if isinstance(policy, RetryPolicy) else range(200, 300)
        return Kind.TAKEN if outcome.status in success else Kind.REFUSED
    return Kind.CUT if outcome.type == "interrupted" else Kind.SILENT


def in_a_word(attempt: Attempted) -> str:
    """``503`` or ``timeout``."""
    outcome = attempt.outcome
    return str(outcome.status) if isinstance(outcome, Response) else outcome.type


def with_faults(attempt: Attempted) -> str:
    """The same, and what went wrong on purpose: ``401 (on purpose: wrong_secret)``."""
    word, wrong = in_a_word(attempt), attempt.went_wrong
    return f"{word} (on purpose: {wrong})" if wrong else word


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body as it can be read: the bytes as text, and laid out where it is JSON."""

    size: int
    text: str
    is_text: bool  # False where bytes that are no UTF-8 are written as \\xNN
    laid_out: str | None = None
    cut: bool = False


def read_body(body: bytes, mask: Callable[[str], str], *, most: int, lay_out: bool = False) -> Body:
    """*body* for people: at most *most* characters of it, secrets masked before anything is cut."""
    try:
        said, is_text = body.decode(), True
    except UnicodeDecodeError:
        said, is_text = body.decode(errors="backslashreplace"), False
    said = mask(said)
    cut = len(said) > most
    pretty = None if cut or not lay_out else _laid_out(said)
    return Body(size=len(body), text=said[:most], is_text=is_text, laid_out=pretty, cut=cut)


def _laid_out(said: str) -> str | None:
    try:
        return json.dumps(json.loads(said), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


# --- secrets ---------------------------------------------------------------------------


def secrets(connections: Iterable[Connection]) -> Iterator[str]:
    """What must not be on the page, however a subscriber came to repeat it."""
    for connection in connections:
        for said in _of(connection):
            if len(said) >= _SHORTEST_SECRET:
                yield from (
                    said,
                    json.dumps(said)[1:-1],
                    json.dumps(said, ensure_ascii=False)[1:-1],
                    quote(said, safe=""),
                )


def _of(connection: Connection) -> Iterator[str]:
    match connection.auth:
        case Hmac(secret=str(secret)):
            yield secret
        case Bearer(token=token):
            yield token
        case Basic(username=username, password=password):
            yield password
            yield b64encode(f"{username}:{password}".encode()).decode()
    for item in urlsplit(connection.url).query.split("&"):
        name, equals, value = item.partition("=")
        said = value if equals else name  # a bare item may be a token itself
        yield from (said, unquote(said), unquote_plus(said))
