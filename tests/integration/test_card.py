"""The report card of consumers that are right, and of those that are wrong in a single way.

The table is exact: what fails must fail, and nothing beside it may.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.card.desk import Desk, Pace
from sandbox.card.examination import chosen, examine
from sandbox.clock import wall_now
from sandbox.core.card import Card
from sandbox.core.cardbook import BOOK
from sandbox.core.letters import Letters
from sandbox.core.model import Connection, Hmac
from sandbox.core.profile import Profile
from sandbox.transport import HttpTransport
from tests.wrongs import WrongConsumer

SECRET = "whsec_of-the-tests"
QUICK = Pace(recover=(0.01, 0.01), effect=0.2, quiet=0.05, glance=0.005)
SECOND = timedelta(seconds=1)
REJECTS = (
    "rejects-missing-signature",
    "rejects-malformed-signature",
    "rejects-wrong-secret",
    "rejects-tampered-body",
    "rejects-stale-timestamp",
)


class Effects:
    """A probe that asks the consumer itself."""

    def __init__(self, consumer: WrongConsumer) -> None:
        self.consumer = consumer

    async def read(self) -> int:
        return self.consumer.effects


async def card_of(
    url,
    *,
    auth=None,
    probe=None,
    only=(),
    skip=(),
    allowed=5 * SECOND,
    within=60 * SECOND,
    seed=7,
    order=None,
) -> Card:
    connection = Connection(name="subscriber", url=url, auth=auth or Hmac(SECRET))
    letters = Letters(connection, seed=seed, now=wall_now, profile=Profile())
    desk = Desk(letters, open=HttpTransport, allowed=allowed, pace=QUICK)
    return await examine(desk, only=order or chosen(only, skip), probe=probe, within=within, version="1.0")


def not_passed(card):
    return {item.id: item.status for item in card.findings if item.status != "passed"}


def failed(*ids):
    return dict.fromkeys(ids, "failed")


def warned(*ids):
    return dict.fromkeys(ids, "warned")


SOME = (
    *("accepts-each-channel", "answers-in-time", "accepts-retries", "rejects-missing-signature"),
    *("survives-garbage", "survives-disorder", "survives-burst"),
)
NOTHING_TOLD = failed("accepts-each-channel") | dict.fromkeys(list(BOOK)[1:], "skipped")
EVERY_FORGERY = failed(*REJECTS) | warned("rejects-future-timestamp")

TABLE = {
    "": {},
    # the signature
    "verifies_nothing": EVERY_FORGERY,
    "trusts_the_connection": EVERY_FORGERY,
    "takes_what_is_not_signed": failed("rejects-missing-signature"),
    "breaks_on_malformed": failed("rejects-malformed-signature"),
    "compares_what_is_there": failed("rejects-malformed-signature"),
    "compares_first_characters": failed("rejects-wrong-secret"),
    "compares_last_characters": failed("rejects-wrong-secret"),
    "verifies_rewritten_json": failed("rejects-tampered-body"),
    "verifies_rewritten_with_spaces": NOTHING_TOLD,
    "signs_the_body_alone": NOTHING_TOLD,
    "no_tolerance": failed("rejects-stale-timestamp") | warned("rejects-future-timestamp"),
    "believes_the_timestamp_header": failed("rejects-stale-timestamp"),
    "takes_the_future": warned("rejects-future-timestamp"),
    "redirects_to_login": EVERY_FORGERY,
    "answers_500_to_forgery": EVERY_FORGERY,
    "locks_out": EVERY_FORGERY,
    "answers_before_verifying": EVERY_FORGERY | failed("survives-garbage", "dedupes"),
    # what it takes
    "redirects_always": NOTHING_TOLD,
    "breaks_on_viber": failed("accepts-each-channel"),
    "breaks_on_retries": failed("accepts-retries"),
    "breaks_on_missing_contact": failed("accepts-no-contact"),
    "breaks_on_unknown_field": failed("accepts-unknown-fields"),
    "refuses_unknown_event": failed("accepts-unknown-event"),
    "breaks_on_letters": failed("accepts-unicode"),
    "hangs_up_on_letters": failed("accepts-unicode"),
    "takes_32_kB": failed("accepts-large-body"),
    "takes_100_kB": warned("accepts-large-body"),
    # what it survives
    "takes_garbage": failed("survives-garbage"),
    "breaks_on_garbage": failed("survives-garbage"),
    "breaks_after_garbage": failed("survives-garbage"),
    "never_dedupes": failed("dedupes"),
    "dedupes_by_attempt": failed("dedupes"),
    "remembers_the_last_only": failed("dedupes"),
    "refuses_duplicates": failed("dedupes"),
    "has_no_effect": failed("dedupes"),
    "has_two_effects": failed("dedupes"),
    "refuses_what_is_older": failed("survives-disorder"),
    "breaks_under_load": failed("survives-burst"),
    "limits_rate": failed("survives-burst"),
}


@pytest.mark.parametrize("defect", TABLE, ids=lambda defect: defect or "none")
async def test_exactly_the_checks_that_should_fail_do(defect):
    async with WrongConsumer(defect) as consumer:
        card = await card_of(consumer.url, probe=Effects(consumer))
    assert not_passed(card) == TABLE[defect], {item.id: item.reason for item in card.findings}
    assert card.passed == ("failed" not in TABLE[defect].values())


def test_there_are_more_than_twenty_wrong_ones_and_every_check_but_time_fails_for_one_of_them():
    assert len(TABLE) > 20
    found = {id for row in TABLE.values() for id, status in row.items() if status in ("failed", "warned")}
    assert set(BOOK) - found == {"answers-in-time"}


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        pytest.param(0.45, failed("answers-in-time"), id="too late"),
        pytest.param(0.22, warned("answers-in-time"), id="late"),
    ],
)
async def test_a_slow_consumer_is_slow_and_nothing_else(delay, expected):
    async with WrongConsumer(delay=delay) as consumer:
        card = await card_of(consumer.url, only=SOME, allowed=timedelta(milliseconds=400))
    assert not_passed(card) == expected


async def test_the_order_of_the_checks_changes_nothing():
    for defect in ("breaks_after_garbage", "locks_out", "refuses_what_is_older"):
        async with WrongConsumer(defect) as consumer:
            forwards = await card_of(consumer.url, skip=["dedupes"])
        alone = {}
        for id in BOOK:
            async with WrongConsumer(defect) as consumer:
                alone |= not_passed(await card_of(consumer.url, only=[id]))
        alone.pop("dedupes")  # without a probe it is always skipped
        assert alone == not_passed(forwards)
