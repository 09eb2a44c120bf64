"""`dedupes`: whether an event that comes twice has its effect once.

The answers say half of it; the other half is a number on the consumer's side, which
the probe reads.  It is watched before (does it move by itself?), between the attempts,
and after them for as long as an effect may take.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from sandbox.card.accepting import cannot_if_too_many
from sandbox.card.desk import CannotTell, Desk, Ruling, failed, passed
from sandbox.card.enduring import takes_twice
from sandbox.card.probe import Probe, ProbeFault
from sandbox.core.card import Posted
from sandbox.core.cardbook import NO_PROBE
from sandbox.core.model import Event

_BY_ATTEMPT = "It may remember (id, attempt), which is another one each time: remember the id alone."


async def dedupes(desk: Desk, probe: Probe | None) -> Ruling:
    """The verdict; without a *probe*, only whether a second attempt is taken at all."""
    if probe is None:
        _, second = await takes_twice(desk, desk.letters.event())
        if not second.taken:
            return _refuses(second)
        raise CannotTell(NO_PROBE, second)
    counter = _Counter(probe, desk)
    try:
        ruling = await _measured(desk, counter)
        if ruling.status == "passed" or not ruling.counted:
            return ruling.ruling
        again = await _measured(desk, counter)
    except ProbeFault as fault:
        raise CannotTell(f"the probe gave no number: {fault}") from fault
    if again.ruling.reason != ruling.ruling.reason:
        raise CannotTell(
            f"measured twice, two different things ({ruling.ruling.reason}; then: {again.ruling.reason}): others write too, "
            "and a rise could be theirs",
            again.ruling.decisive,
        )
    return ruling.ruling


@dataclass(frozen=True, slots=True)
class _Measured:
    ruling: Ruling
    counted: bool = True  # the number decided, which somebody else may have moved

    @property
    def status(self) -> str:
        return self.ruling.status


async def _measured(desk: Desk, counter: _Counter) -> _Measured:
    event = desk.letters.event()
    start = await counter.still()
    first = await desk.post("attempt 1 of an event", desk.letters.request(event))
    cannot_if_too_many(first)
    if not first.taken:
        raise CannotTell(f"attempt 1 was not taken: {first.answer}", first)
    once = await counter.settled(start) - start
    second = await desk.post("attempt 2 of an event that was taken", desk.letters.request(event, 2))
    if not second.taken:
        return _Measured(_refuses(second), counted=False)
    twice = await counter.settled(start + once, rises=False) - start
    if once != 1 or twice != 1:
        return _Measured(_miscounted(once, twice, first, second))
    return _Measured(await _after_another(desk, counter, start + twice, event, second))


async def _after_another(desk: Desk, counter: _Counter, start: int, event: Event, second: Posted) -> Ruling:
    """Attempt 3, after another event: a consumer that knows only the last id takes it for a new one."""
    letters = desk.letters
    other = await desk.post("another event in between", letters.request(letters.event()))
    before = await counter.settled(start)
    what = "attempt 3 of the first event, after another one"
    third = await desk.post(what, letters.request(event, 3))
    rise = await counter.settled(before, rises=False) - before
    # Whether it takes what is older than the last is the business of survives-disorder.
    if other.taken and third.taken and rise > 0:
        return failed(
            f"attempt 2 had no effect, but attempt 3, after another event, raised the number by {rise}",
            third,
            hint="It remembers only the last event or the last few: remember each for as long as it may be retried.",
        )
    return passed("two attempts are taken, and the number rose by exactly one", second)


def _miscounted(once: int, twice: int, first: Posted, second: Posted) -> Ruling:
    if twice == 0:
        return failed(
            "both attempts are taken, but the number did not rise: the event had no effect, or the probe counts "
            "something else",
            first,
            hint="Answer 2xx only for what is stored, and see that the probe counts the effect of a new chat.",
        )
    if once == 1:
        return failed(f"the second attempt had its effect again: the number rose by {twice}, not by one", second, hint=_BY_ATTEMPT)  # fmt: skip
    if once < 0 or twice < 0:
        return failed(f"the number fell by {-min(once, twice)}; it must rise by exactly one", first)
    return failed(
        f"the number rose by {once} for the first attempt and by {twice - once} for the second; by one in all is right: "
        "one event has several effects, or the probe counts something else",
        first,
    )


def _refuses(second: Posted) -> Ruling:
    cannot_if_too_many(second)
    how = f"answered {second.answer}" if second.status else second.answer
    return failed(
        f"attempt 2 of an event that was taken: {how}; a 2xx is right",
        second,
        hint="An event that is there already is no error: whoever sends it only wants to hear 200.",
    )


class _Counter:
    def __init__(self, probe: Probe, desk: Desk) -> None:
        self._probe, self._desk, self._pace = probe, desk, desk.pace
        self._quiet = desk.pace.quiet

    async def still(self) -> int:
        """The number, seen not to move for a while.  Raises `CannotTell` where it never rests.

        What was sent before may still have its effect: a while is given to that.
        """
        began, start = perf_counter(), await self._probe.read()
        while (now := await self._watch(start, self._quiet)) != start:
            if perf_counter() - began > self._pace.effect:
                raise CannotTell("the number moves while nothing is sent: others write too, and a rise could be theirs")  # fmt: skip
            start = now
        return start

    async def settled(self, start: int, *, rises: bool = True) -> int:
        """The number when it has come to rest after a request; *rises*: it is expected to leave *start*."""
        began = perf_counter()
        now = await self._watch(start, self._pace.effect if rises else self._quiet)
        if now != start:
            # An effect from a queue: its like is given twice the time to show.
            self._quiet = max(self._quiet, min(2 * (perf_counter() - began), self._pace.effect))
        while (then := await self._watch(now, self._quiet)) != now:
            now = then
        return now

    async def _watch(self, start: int, limit: float) -> int:
        """The number as soon as it is not *start*, or when *limit* seconds have passed."""
        began = perf_counter()
        while (now := await self._probe.read()) == start and perf_counter() - began < limit:
            await self._desk.sleep(self._pace.glance)
        return now
