"""Durations and moments, as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.durations import format_age, format_duration, parse_duration
from sandbox.core.moments import isoformat, parse_moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25), ("2s", 2), ("5m", 300), ("1h30m", 5400), ("24h", 86_400), ("1.5s", 1.5),
        ("0s", 0), ("27h35m5s", 99_305), ("1d", 86_400), ("1m500ms", 60.5),
    ],
)  # fmt: skip
def test_a_duration_reads_as_people_write_it(text, seconds):
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5", "write 5s for seconds"),
        (5, "write 5s for seconds"),
        (2.5, "write 2.5s for seconds"),
        ("5 s", "is not a duration"),
        ("s", "is not a duration"),
        ("-5s", "is not a duration"),
        ("5s1m", "larger units come first"),
        ("1m1m", "larger units come first"),
        ("", "is not a duration"),
        (None, "a duration is text"),
        (True, "a duration is text"),
        ("9" * 400 + "h", "longer than ten years"),
        ("99999999h", "longer than ten years"),
    ],
)
def test_what_is_not_a_duration_says_what_would_be(text, message):
    with pytest.raises(ValueError, match=message):
        parse_duration(text)


@given(st.integers(0, 10 * 365 * 86_400_000 - 1))
def test_a_duration_survives_being_written_and_read(milliseconds):
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (timedelta(days=3) - timedelta(seconds=1), "71h59m59s"),
        (timedelta(days=3), "3 days"),
        (timedelta(days=730, hours=23), "730 days"),
        (timedelta(days=731), "2 years"),
        (timedelta(seconds=1_777_039_330), "56 years"),
    ],
    ids=str,
)
def test_an_age_is_told_in_the_largest_unit_that_says_something(age, told):
    assert format_age(age) == told


def test_the_form_on_the_wire_is_milliseconds_and_a_z():
    assert isoformat(datetime(2026, 4, 24, 14, 2, 10, 123_999, tzinfo=UTC)) == "2026-04-24T14:02:10.123Z"
    assert isoformat(datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)) == "2026-04-24T14:02:10.000Z"
    assert (
        isoformat(datetime(2026, 4, 24, 16, 2, 10, tzinfo=timezone(timedelta(hours=2))))
        == "2026-04-24T14:02:10.000Z"
    )


@given(
    st.lists(
        st.datetimes(datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2500-01-01")),
        min_size=1,
        max_size=5,
    )
)
def test_a_time_is_written_the_same_whatever_was_written_before(moments):
    for moment in moments:
        whole = moment.replace(microsecond=0)
        for at in (moment, whole, whole.replace(microsecond=999_999), whole + timedelta(seconds=1)):
            says = isoformat(at.replace(tzinfo=UTC))
            assert says == f"{at.isoformat(timespec='milliseconds')}Z"


@pytest.mark.parametrize(
    "text", ["2026-04-24T14:02:10Z", "2026-04-24T16:02:10+02:00", "2026-04-24 14:02:10z"]
)
def test_a_moment_with_an_offset_becomes_utc(text):
    assert parse_moment(text) == datetime(2026, 4, 24, 14, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-04-24T14:02:10", "2026-04-24", "yesterday", "2026-13-24T14:02:10Z", "20260424"]
)
def test_a_moment_without_offset_or_sense_is_refused(text):
    with pytest.raises(ValueError, match=r"2026-04-24T14:02:10Z|is not a time"):
        parse_moment(text)
