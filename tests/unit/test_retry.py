"""The retry rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.errors import UsageError
from sandbox.core.model import Response, TransportError
from sandbox.core.profile import Profile
from sandbox.core.retry import Again, Backoff, Done, GiveUp, RetryPolicy, preset

NOW = datetime(2026, 4, 24, tzinfo=UTC)
SILENCE = TransportError(type="timeout", message="")


def decide(policy, attempt, outcome, draw=0.5):
    return policy.decide(attempt, outcome, draw=lambda: draw, now=NOW)


def ladder(policy):
    return [policy.delay_after(n, lambda: 0.5).total_seconds() for n in range(1, policy.attempts)]


@pytest.mark.parametrize(
    ("name", "delays", "timeout"),
    [
        ("wexio", [5, 10, 20, 40], 10),
        ("svix", [5, 300, 1800, 7200, 18_000, 36_000, 36_000], 15),
        ("none", [], 10),
    ],
)
def test_a_preset_has_its_published_or_assumed_ladder(name, delays, timeout):
    policy = preset(name, Profile())
    assert ladder(policy) == delays
    assert policy.attempts == len(delays) + 1
    assert policy.timeout.total_seconds() == timeout


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_takes_a_delivery(status):
    assert decide(preset("wexio", Profile()), 1, Response(status=status)) == Done()


@pytest.mark.parametrize(
    "outcome", [*(Response(status=s) for s in (100, 199, 300, 302, 400, 401, 404, 429, 500, 599)), SILENCE]
)
def test_anything_else_is_tried_again(outcome):
    assert decide(preset("wexio", Profile()), 1, outcome) == Again(delay=timedelta(seconds=5))


def test_gone_is_a_refusal_for_good():
    assert decide(preset("wexio", Profile()), 1, Response(status=410)) == GiveUp(status="FAILED")


def test_the_last_attempt_makes_a_dead_letter():
    assert decide(preset("wexio", Profile()), 5, SILENCE) == GiveUp(status="DEAD_LETTER")


def test_backoff_doubles_up_to_its_most():
    seconds = timedelta(seconds=1)
    policy = RetryPolicy(attempts=6, delays=Backoff(base=5 * seconds, factor=2, max=30 * seconds))
    assert ladder(policy) == [5, 10, 20, 30, 30]


def test_backoff_of_very_many_attempts_does_not_overflow():
    policy = RetryPolicy(attempts=100_000, delays=Backoff(base=timedelta(seconds=5), factor=10))
    assert policy.delay_after(99_999, lambda: 0.5) == timedelta(hours=1)


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 8))
def test_jitter_stays_within_its_share(draw, attempt):
    backoff = Backoff(base=timedelta(seconds=10), factor=2, max=timedelta(hours=1), jitter=0.2)
    plain = min(10 * 2 ** (attempt - 1), 3600)
    delay = RetryPolicy(attempts=9, delays=backoff).delay_after(attempt, lambda: draw).total_seconds()
    assert 0.8 * plain - 1e-3 <= delay <= 1.2 * plain + 1e-3


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("1", 5),  # the larger of the two
        ("99999", 3600),  # at most an hour
        ("Fri, 24 Apr 2026 00:10:00 GMT", 600),
        ("Fri, 24 Apr 2020 00:10:00 GMT", 5),
        ("-1", 5),
        ("soon", 5),
        ("", 5),
        ("9" * 5000, 3600),
    ],
)
def test_an_honoured_retry_after_is_the_larger_of_the_two_and_at_most_an_hour(value, seconds):
    policy = RetryPolicy(attempts=2, delays=(timedelta(seconds=5),), retry_after="honour")
    outcome = Response(status=503, headers=(("retry-after", value),))
    assert decide(policy, 1, outcome) == Again(delay=timedelta(seconds=seconds))


def test_retry_after_is_ignored_by_default():
    outcome = Response(status=503, headers=(("Retry-After", "120"),))
    assert decide(preset("wexio", Profile()), 1, outcome) == Again(delay=timedelta(seconds=5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"attempts": 0}, "at least 1"),
        ({"attempts": 3, "delays": (timedelta(seconds=1),)}, "2 delays between them, not 1"),
        ({"attempts": 1, "timeout": timedelta()}, "longer than 0s"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        RetryPolicy(**arguments)


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(UsageError, match="wexio, none, svix"):
        preset("stripe", Profile())


@pytest.mark.parametrize(
    "hostile",
    [
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
        "Mon, 99 Foo 2024 25:61:61",
        "9" * 5000,
        "-1",
        "1.5",
        "\u0663",
        "\x00",
        "",
    ],
)
def test_whatever_a_retry_after_says_the_delay_is_between_the_ladders_and_an_hour(hostile):
    outcome = Response(status=503, headers=(("Retry-After", hostile),))
    verdict = decide(replace(preset("wexio", Profile()), retry_after="honour"), 1, outcome)
    assert verdict.delay in (timedelta(seconds=5), timedelta(hours=1))


@given(st.text(max_size=40) | st.lists(st.sampled_from(
    ["Mon,", "01", "Jan", "2024", "0000", "00:00:00", "GMT", "+99999999999", "-2360", "9" * 20]), max_size=7,
).map(" ".join))  # fmt: skip
def test_no_retry_after_breaks_the_rule(value):
    outcome = Response(status=503, headers=(("Retry-After", value),))
    verdict = decide(replace(preset("wexio", Profile()), retry_after="honour"), 1, outcome)
    assert timedelta(seconds=5) <= verdict.delay <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: RetryPolicy(attempts=2, delays=(timedelta(seconds=-1),)), "shorter than 0s"),
        (lambda: Backoff(base=timedelta(seconds=-1)), "shorter than 0s"),
        (lambda: Backoff(base=timedelta(), max=timedelta(seconds=-1)), "shorter than 0s"),
        (lambda: Backoff(base=timedelta(), factor=0), "factor is 0"),
        (lambda: Backoff(base=timedelta(), factor=float("nan")), "factor is nan"),
        (lambda: Backoff(base=timedelta(), jitter=1.5), "jitter is 1.5"),
    ],
)
def test_a_ladder_that_leads_into_the_past_is_refused(make, says):
    with pytest.raises(UsageError, match=says):
        make()


def test_a_backoff_beyond_all_numbers_stays_at_its_longest():
    policy = RetryPolicy(attempts=5000, delays=Backoff(base=timedelta(seconds=1), factor=10.0))
    assert policy.delay_after(4000, lambda: 0.5) == timedelta(hours=1)
