"""What a scenario expects, judged and put into words."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.expectations import in_words, judge, others_succeeded, settled_in_time
from sandbox.core.ledger import Delivery
from sandbox.core.model import Status
from sandbox.core.scenario import Expect, Range

AT = datetime(2026, 4, 24, tzinfo=UTC)


def delivery(status="SUCCESS", attempts=1, took=1.0, who="Ann"):
    settled = None if status == "PENDING" else AT + timedelta(seconds=took)
    return Delivery(
        id=f"dlv_{who}", run_id="r", event_id=f"evt_{who}", event="chat.created", channel="VIBER", who=who,
        connection_id="a" * 24, status=Status(status), attempt_count=attempts, attempts=(),
        next_attempt_at=None, emitted_at=AT, settled_at=settled,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("expect", "deliveries", "passed"),
    [
        (Expect(deliveries=Range(min=2, max=2)), [delivery(), delivery()], True),
        (Expect(deliveries=Range(min=2, max=2)), [delivery()], False),
        (
            Expect(status=Status.SUCCESS, deliveries=Range(min=1, max=1)),
            [delivery(), delivery("FAILED")],
            True,
        ),
        (Expect(status=Status.FAILED, deliveries=Range(min=0, max=0)), [delivery("FAILED")], False),
        (Expect(attempts=Range(min=1, max=3)), [delivery(attempts=3)], True),
        (Expect(attempts=Range(min=1, max=3)), [delivery(attempts=4)], False),
        (Expect(within=timedelta(seconds=1)), [delivery(took=1)], True),
        (Expect(within=timedelta(seconds=1)), [delivery(took=1.001)], False),
        (Expect(within=timedelta(seconds=1)), [delivery("PENDING")], False),
        (Expect(status=Status.SUCCESS, attempts=Range(min=2)), [delivery("FAILED", attempts=1)], True),
    ],
)
def test_an_expectation_holds_or_does_not(expect, deliveries, passed):
    expectation, _ = judge(expect, deliveries)
    assert expectation.passed is passed


def test_an_expectation_selects_by_status():
    _, selected = judge(Expect(status=Status.FAILED), [delivery(who="a"), delivery("FAILED", who="b")])
    assert selected == {"dlv_b"}


def test_an_expectation_reads_as_a_sentence():
    expect = Expect(
        status=Status.SUCCESS,
        deliveries=Range(min=22, max=22),
        attempts=Range(min=1, max=3),
        within=timedelta(minutes=5),
    )
    assert in_words(expect) == "22 deliveries SUCCESS, 1 to 3 attempts each, within 5m"
    assert in_words(Expect(deliveries=Range(min=1, max=1))) == "1 delivery"
    assert in_words(Expect(attempts=Range(min=2))) == "all deliveries, at least 2 attempts each"


def test_what_was_the_case_instead_names_who_it_was():
    expectation, _ = judge(Expect(attempts=Range(max=1)), [delivery(attempts=2, who="Olena")])
    assert expectation.actual == "attempts of 1 delivery: 2 (x1): Olena (VIBER, evt_Olena)"


def test_what_no_expectation_selected_must_have_succeeded():
    assert others_succeeded([delivery()], any_judged=False).passed
    failed = others_succeeded([delivery(), delivery("DEAD_LETTER", who="Bo")], any_judged=True)
    assert not failed.passed
    assert failed.actual == "1 SUCCESS, 1 DEAD_LETTER: Bo (VIBER, evt_Bo)"


def test_a_settle_that_ran_out_names_what_was_pending():
    expectation = settled_in_time(timedelta(minutes=1), [delivery("PENDING")])
    assert (expectation.text, expectation.passed) == ("settled within 1m", False)
    assert "Ann" in expectation.actual
    assert settled_in_time(timedelta(minutes=1), []).passed
