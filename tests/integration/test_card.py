"""The report card of consumers that are right, and of those that are wrong in a single way.

The table is exact: what fails must fail, and nothing beside it may.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from sandbox.card.desk import Desk, Pace
from sandbox.card.examination import chosen, examine
from sandbox.card.probe import ProbeFault
from sandbox.clock import wall_now
from sandbox.core.card import UNTOLD, Card
from sandbox.core.cardbook import BOOK
from sandbox.core.errors import CannotRun
from sandbox.core.letters import Letters
from sandbox.core.model import Basic, Bearer, Connection, Hmac, NoAuth
from sandbox.core.profile import Profile
from sandbox.transport import HttpTransport
from tests.receiver import CLOSE, RESET, SILENCE, Receiver
from tests.wrongs import Refusal, WrongConsumer

SECRET = "whsec_of-the-tests"
QUICK = Pace(recover=(0.01, 0.01), effect=0.2, quiet=0.05, glance=0.005)
PATIENT = Pace(recover=(0.01, 0.01), effect=3.0, quiet=0.4, glance=0.005)
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
    pace=QUICK,
) -> Card:
    connection = Connection(name="subscriber", url=url, auth=auth or Hmac(SECRET))
    letters = Letters(connection, seed=7, now=wall_now, profile=Profile())
    desk = Desk(letters, open=HttpTransport, allowed=allowed, pace=pace)
    return await examine(desk, only=chosen(only, skip), probe=probe, within=within, version="1.0")


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
    ("allowed", "checks", "expected"),
    [
        pytest.param(0.4, SOME, failed("answers-in-time"), id="too late"),
        pytest.param(0.8, SOME[:4], warned("answers-in-time"), id="late"),
    ],
)
async def test_a_slow_consumer_is_slow_and_nothing_else(allowed, checks, expected):
    async with WrongConsumer(delay=0.45) as consumer:
        card = await card_of(consumer.url, only=checks, allowed=allowed * SECOND)
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


# --- who cannot be examined -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(SILENCE, "timeout", id="silence"),
        pytest.param(RESET, "reset", id="a reset"),
        pytest.param(CLOSE, "reset", id="a closed connection"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", "protocol", id="no HTTP"),
    ],
)
async def test_who_answers_nothing_at_all_has_no_card(answer, says):
    async with Receiver(lambda seen: answer) as receiver:
        with pytest.raises(CannotRun, match=rf"^nobody answers at {receiver.url}: {says}"):
            await card_of(receiver.url, allowed=timedelta(milliseconds=30))
    assert len(receiver.seen) <= 4


async def test_a_port_that_is_closed_is_tried_once():
    async with Receiver() as receiver:
        pass
    with pytest.raises(CannotRun, match=r"nobody answers.*Connection refused"):
        await card_of(receiver.url)


async def test_where_no_valid_delivery_is_taken_one_check_says_so_and_nothing_else_is_told():
    async with Receiver(lambda seen: 404) as receiver:
        card = await card_of(receiver.url, only=["rejects-wrong-secret"])
    first, other = card.findings
    assert (first.id, first.status) == ("accepts-each-channel", "failed")
    assert first.reason == "not one valid delivery is taken: 404"
    assert first.advice.startswith("Look at the address first")
    assert (other.status, other.reason) == ("skipped", UNTOLD)
    assert not card.passed


@pytest.mark.parametrize(
    ("defect", "secret", "says"),
    [
        pytest.param("signs_the_body_alone", SECRET, "over the body alone", id="the body alone"),
        pytest.param("verifies_rewritten_with_spaces", SECRET, "with spaces", id="json.dumps"),
        pytest.param("", SECRET.removeprefix("whsec_"), "without its whsec_", id="the prefix cut off"),
        pytest.param("", f"{SECRET}\n", "a line break at its end", id="a line break in the secret"),
    ],
)
async def test_a_consumer_that_verifies_otherwise_is_told_how(defect, secret, says):
    async with WrongConsumer(defect, secret=secret) as consumer:
        card = await card_of(consumer.url)
    [reason] = [item.reason for item in card.findings if item.id == "accepts-each-channel"]
    assert "It does take one that is signed otherwise" in reason
    assert says in reason


async def test_a_consumer_with_another_secret_is_told_to_look_at_it():
    async with WrongConsumer(secret="something else") as consumer:
        card = await card_of(consumer.url)
    [finding] = [item for item in card.findings if item.status == "failed"]
    assert finding.reason == "not one valid delivery is taken: 401"
    assert finding.advice.startswith("Look at the secret first")
    assert "hmac.compare_digest" in finding.code[0]


async def test_a_consumer_that_dies_on_the_way_is_blamed_for_that_alone():
    async with WrongConsumer() as consumer:
        inner = consumer.stumble

        def die(event, body, request):
            if not body.isascii():
                consumer.defect = "redirects_always"  # from here on it takes nothing
            inner(event, body, request)
            if consumer.defect:
                request.transport.close()

        consumer.stumble = die
        card = await card_of(consumer.url)
    found = not_passed(card)
    ids = list(BOOK)
    after = ids[ids.index("accepts-unicode") + 1 :]
    assert found == failed("accepts-unicode") | dict.fromkeys(after, "skipped")
    reasons = {item.reason for item in card.findings if item.status == "skipped"}
    assert reasons == {"it takes no valid delivery any more since accepts-unicode: 302"}


async def test_a_consumer_that_limits_the_rate_of_everything_is_not_blamed_for_what_it_refuses():
    async with WrongConsumer() as consumer:
        judge = consumer.judge

        async def limited(request, body):
            if not consumer.verified(request, body):
                raise Refusal(429)
            await judge(request, body)

        consumer.judge = limited
        card = await card_of(consumer.url, only=["rejects-wrong-secret"])
    [finding] = card.findings
    assert finding.status == "skipped"
    assert finding.reason.startswith("it answered 429, too many requests")


async def test_when_the_time_is_up_the_rest_is_skipped_and_told_so():
    async with WrongConsumer(delay=0.15) as consumer:
        card = await card_of(consumer.url, within=timedelta(seconds=2))
    assert card.findings[0].status == "passed"
    assert card.findings[-1].reason == "the time for all checks (2s, --max-wait) was up"
    assert {item.status for item in card.findings} == {"passed", "skipped"}
    assert card.elapsed_ms < 10_000


# --- how it authorises ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "header", "skipped"),
    [
        pytest.param(Bearer("tok-en-of-the-tests"), "Bearer tok-en-of-the-tests", 3, id="bearer"),
        pytest.param(Basic("wexio", "pass:word"), "Basic d2V4aW86cGFzczp3b3Jk", 3, id="basic"),
        pytest.param(NoAuth(), None, 6, id="none"),
    ],
)
async def test_what_only_a_signature_could_show_is_skipped_without_one(auth, header, skipped):
    async with WrongConsumer() as consumer:
        consumer.verified = lambda request, body: request.headers.get("Authorization") == header
        card = await card_of(consumer.url, auth=auth, probe=Effects(consumer))
    found = not_passed(card)
    assert set(found.values()) == {"skipped"}
    assert len(found) == skipped
    assert all(id.startswith("rejects-") for id in found)


async def test_a_token_of_which_the_beginning_is_enough_is_found_out():
    async with WrongConsumer() as consumer:
        consumer.verified = lambda request, body: request.headers.get("Authorization", "").startswith(
            "Bearer t"
        )
        card = await card_of(consumer.url, auth=Bearer("token"), skip=["dedupes"])
    assert {id for id, status in not_passed(card).items() if status == "failed"} == {"rejects-wrong-secret"}


# --- the probe --------------------------------------------------------------------------------


class Numbers:
    """A probe that answers as a function says."""

    def __init__(self, decide):
        self.decide = decide

    async def read(self):
        return self.decide()


async def verdict(consumer, probe, pace=QUICK):
    card = await card_of(consumer.url, probe=probe, only=["dedupes"], pace=pace)
    [finding] = card.findings
    return finding.status, finding.reason


async def test_without_a_probe_dedupes_is_skipped_and_says_how_to_give_one():
    async with WrongConsumer() as consumer:
        status, reason = await verdict(consumer, None)
    assert status == "skipped"
    assert "--probe" in reason


async def test_a_probe_that_fails_tells_nothing():
    def fail():
        raise ProbeFault("the command ended with 2: no such table")

    async with WrongConsumer("never_dedupes") as consumer:
        status, reason = await verdict(consumer, Numbers(fail))
    assert (status, reason) == (
        "skipped",
        "the probe gave no number: the command ended with 2: no such table",
    )


async def test_a_number_that_moves_by_itself_tells_nothing():
    numbers = iter(range(10**6))
    async with WrongConsumer() as consumer:
        status, reason = await verdict(consumer, Numbers(lambda: next(numbers)))
    assert status == "skipped"
    assert "moves while nothing is sent" in reason


@pytest.mark.parametrize(
    ("defect", "says"),
    [
        ("has_no_effect", "the number did not rise"),
        ("dedupes_by_attempt", "the second attempt had its effect again: the number rose by 2, not by one"),
        ("has_two_effects", "the number rose by 2 for the first attempt and by 0 for the second"),
        ("remembers_the_last_only", "attempt 3, after another event, raised the number by 1"),
    ],
)
async def test_the_number_must_rise_by_exactly_one(defect, says):
    async with WrongConsumer(defect) as consumer:
        status, reason = await verdict(consumer, Effects(consumer))
    assert status == "failed"
    assert says in reason


async def test_an_effect_that_comes_later_is_waited_for():
    async with WrongConsumer() as consumer:
        shown, reads = [0], []

        def late():
            reads.append(consumer.effects)
            if reads[-4:].count(consumer.effects) == 4:  # seen only after a while
                shown[0] = consumer.effects
            return shown[0]

        assert (await verdict(consumer, Numbers(late), PATIENT))[0] == "passed"


async def test_a_second_effect_that_comes_later_is_found_out():
    async with WrongConsumer("never_dedupes") as consumer:
        shown, reads = [0], []

        def late():
            reads.append(consumer.effects)
            if reads[-4:].count(consumer.effects) == 4:
                shown[0] = consumer.effects
            return shown[0]

        assert (await verdict(consumer, Numbers(late), PATIENT))[0] == "failed"


async def test_somebody_else_s_rise_is_not_blamed_on_the_consumer():
    async with WrongConsumer() as consumer:
        reads = []

        def disturbed():
            reads.append(consumer.effects)
            others = 1 if consumer.effects > reads[0] else 0  # somebody writes once, at the wrong moment
            return consumer.effects + others

        status, reason = await verdict(consumer, Numbers(disturbed))
    assert status == "skipped"
    assert reason.startswith("measured twice, two different things")


async def test_each_check_has_events_of_its_own():
    async with Receiver(lambda seen: 200) as receiver:
        await card_of(receiver.url, skip=["dedupes", "survives-disorder"])
    valid = [seen["X-Wexio-Event-Id"] for seen in receiver.seen]
    assert len(valid) > 70
    assert len(set(valid)) >= len(valid) - 2 * len(REJECTS) - 8  # one event has several forgeries


async def test_it_can_be_stopped_at_any_time():
    stopped = asyncio.Event()
    async with WrongConsumer() as consumer:
        judge = consumer.judge

        async def stop(request, body):
            if consumer.requests == 8:
                task.cancel()
                stopped.set()
            await judge(request, body)

        consumer.judge = stop
        task = asyncio.create_task(card_of(consumer.url))
        await stopped.wait()
        with pytest.raises(asyncio.CancelledError):
            await task
