"""Deliveries are folded from entries; events without any are known as well."""

from datetime import UTC, datetime, timedelta

from sandbox.core.entries import Emitted, Resent, Settled
from sandbox.core.ledger import Ledger
from sandbox.core.model import Event, Status

AT = datetime(2026, 4, 24, tzinfo=UTC)


def emitted(number, run, *connections):
    event = Event(
        id=f"evt_{number}", name="chat.created", occurred_at=AT, organisation_id="0" * 24, data_json=b"{}"
    )
    deliveries = tuple((f"dlv_{run}_{number}_{name}", name) for name in connections)
    return Emitted(at=AT, run_id=run, event=event, who="Ann", deliveries=deliveries)


def test_a_delivery_begins_as_pending_and_due_at_once():
    ledger = Ledger()
    ledger.apply(emitted(1, "r", "a"))
    [delivery] = ledger.deliveries()
    assert (delivery.status, delivery.next_attempt_at, delivery.attempt_count) == (Status.PENDING, AT, 0)


def test_deliveries_are_found_by_event_and_by_run():
    ledger = Ledger()
    for entry in (emitted(1, "r", "a", "b"), emitted(2, "r", "a"), emitted(1, "s", "a")):
        ledger.apply(entry)
    assert len(list(ledger.deliveries())) == 4
    assert len(list(ledger.deliveries(event_id="evt_1"))) == 3
    assert len(list(ledger.deliveries(event_id="evt_1", run_id="r"))) == 2
    assert len(list(ledger.deliveries(run_id="s"))) == 1
    assert list(ledger.deliveries(event_id="evt_9")) == []
    assert ledger.counts(run_id="r") == {Status.PENDING: 3}


def test_an_event_is_known_in_its_own_run_only():
    ledger = Ledger()
    ledger.apply(emitted(1, "r"))
    assert ledger.knows("evt_1", run_id="r")
    assert not ledger.knows("evt_1", run_id="s")


def settled(status, **options):
    return Settled(
        at=AT + timedelta(minutes=1),
        run_id="r",
        delivery_id="dlv_r_1_a",
        event_id="evt_1",
        connection_id="a",
        status=status,
        attempt_count=1,
        **options,
    )


def test_a_delivery_that_was_given_up_says_why():
    ledger = Ledger()
    ledger.apply(emitted(1, "r", "a"))
    ledger.apply(settled(Status.FAILED, reason="stopped"))
    [delivery] = ledger.deliveries()
    assert (delivery.status, delivery.reason, delivery.next_attempt_at) == (Status.FAILED, "stopped", None)


def test_a_delivery_that_was_resent_is_pending_and_due_at_once():
    ledger = Ledger()
    ledger.apply(emitted(1, "r", "a"))
    ledger.apply(settled(Status.FAILED, reason="stopped"))
    again = AT + timedelta(hours=1)
    ledger.apply(Resent(at=again, run_id="r", delivery_id="dlv_r_1_a", event_id="evt_1", connection_id="a"))
    [delivery] = ledger.deliveries()
    assert (delivery.status, delivery.reason, delivery.settled_at) == (Status.PENDING, "", None)
    assert delivery.next_attempt_at == again
