"""The drill's numbers, folded from entries made by hand."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from sandbox.core.drill import Plan, Tally
from sandbox.core.entries import Attempted, Emitted, Settled
from sandbox.core.model import Event, Response, Status, TransportError

START = datetime(2026, 4, 24, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAN = Plan(outage=HOUR, rate=3 / 3600, written="3/h")


def emitted(number):
    event = Event(
        id=f"evt_{number}", name="chat.created", occurred_at=START, organisation_id="0" * 24, data_json=b"{}"
    )
    return Emitted(at=START, run_id="r", event=event)


def attempted(number, after, outcome, attempt=1):
    at = START + after
    return Attempted(
        at=at, run_id="r", delivery_id=f"d{number}", event_id=f"evt_{number}", connection_id="c", attempt=attempt,
        rendering=SimpleNamespace(), outcome=outcome, started_at=at, elapsed_ms=20.0,
    )  # fmt: skip


def settled(number, after, status):
    return Settled(
        at=START + after, run_id="r", delivery_id=f"d{number}", event_id=f"evt_{number}", connection_id="c",
        status=status, attempt_count=2,
    )  # fmt: skip


DROPPED = TransportError(type="dropped", message="")
MINUTE = timedelta(minutes=1)


def report(*entries, pending=0):
    tally = Tally(over=START + HOUR)
    for entry in entries:
        tally.tell(entry)
    return tally.report(PLAN, elapsed_ms=5.0, pending=pending, policy="svix", seed=1)


def test_what_was_dropped_was_held_back_and_is_no_request():
    found = report(emitted(1), attempted(1, MINUTE, DROPPED), attempted(1, 2 * MINUTE, DROPPED, 2))
    assert (found.held_back, found.sent, found.answers) == (2, 0, {})
    assert found.recovery is None
    assert not found.silent


def test_the_backlog_is_what_was_pending_when_the_outage_ended():
    found = report(
        *(emitted(number) for number in (1, 2, 3)),
        settled(1, 59 * MINUTE, Status.DEAD_LETTER),
        settled(2, 60 * MINUTE, Status.SUCCESS),
        settled(3, 90 * MINUTE, Status.SUCCESS),
    )
    assert (found.backlog, found.lost, found.delivered) == (2, 1, 2)
    assert found.recovery == 30 * MINUTE
    assert not found.passed


def test_the_storm_is_the_busiest_second_and_minute():
    at = (0, 0, 1, 59, 60)
    requests = [attempted(n, HOUR + timedelta(seconds=s), Response(status=200)) for n, s in enumerate(at)]
    found = report(*requests)
    assert (found.peak_second, found.peak_minute) == (2, 4)
    assert sum(number for _, _, number in found.waves) == 5
    assert found.waves[0][0] == timedelta()


def test_a_request_that_met_nobody_cannot_be_repeated_and_one_that_broke_can():
    refused = TransportError(type="connect", message="")
    broke = TransportError(type="timeout", message="")
    taken = Response(status=200)
    after = HOUR + MINUTE
    assert report(attempted(1, after, refused), attempted(1, after, taken, 2)).duplicates == 0
    assert report(attempted(1, after, broke), attempted(1, after, taken, 2)).duplicates == 1
    assert report(attempted(1, after, Response(status=503)), attempted(1, after, taken, 2)).duplicates == 1
    assert report(attempted(1, after, refused)).silent
    assert not report(attempted(1, after, refused), attempted(2, after, broke)).silent


def test_it_has_passed_when_every_event_has_come_through():
    entries = [entry for n in (1, 2, 3) for entry in (emitted(n), settled(n, 61 * MINUTE, Status.SUCCESS))]
    assert report(*entries).passed
    assert not report(*entries[:-1], pending=1).passed
    assert report(*entries[:-1], pending=1).json()["pending"] == 1


def test_there_are_at_most_a_dozen_waves_and_they_touch():
    seconds = (0, 17, 4000, 86_399)
    found = report(
        *(attempted(n, HOUR + timedelta(seconds=s), Response(status=200)) for n, s in enumerate(seconds))
    )
    assert len(found.waves) <= 12
    assert all(one[1] == other[0] for one, other in zip(found.waves, found.waves[1:], strict=False))
