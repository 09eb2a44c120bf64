"""Faults as values: what can be asked for, what excludes what, and what chance makes of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core import operating
from sandbox.core.errors import UsageError
from sandbox.core.faults import (
    KINDS,
    Fault,
    arguments,
    as_faults,
    check_faults,
    collisions,
    drawn,
    excludes,
    of_one_event,
    of_one_request,
    parse_fault,
    read_fault,
)
from sandbox.core.ids import Seed
from sandbox.core.sizes import format_size, parse_sent_size, parse_size


def some_faults(kinds=KINDS):
    def build(kind):
        takes = arguments(kind)
        given = {"do": st.just(kind), "chance": st.sampled_from([0.0, 0.25, 0.5, 1.0])}
        durations = st.integers(1, 10**9).map(lambda number: timedelta(milliseconds=number))
        possible = {
            "by": durations,
            "over": durations,
            "size": st.integers(1, 2**20),
            "at": st.sampled_from(["headers", "body"]),
            "window": st.integers(2, 50),
            "attempt": st.none() | (st.just(1) if kind == "reorder" else st.integers(1, 4)),
        }
        return st.builds(Fault, **given, **{name: possible[name] for name in takes if name in possible})

    return st.sampled_from(kinds).flatmap(build)


def carried(faults, attempt=1, seed=1, event="evt_1", **options):
    return drawn(
        tuple(faults),
        seed=Seed(seed),
        event_id=event,
        connection_id="a" * 24,
        attempt=attempt,
        **options,
    )


def kinds(faults):
    return [fault.do for fault in faults]


# --- one of them -----------------------------------------------------------------------


@given(some_faults())
def test_a_fault_as_json_is_read_as_the_same_fault(fault):
    assert read_fault(fault.json()) == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("wrong_secret", Fault(do="wrong_secret")),
        ("delay:by=250ms", Fault(do="delay", by=timedelta(milliseconds=250))),
        ("stale", Fault(do="stale", by=timedelta(hours=1))),
        ("drop:attempt=2,chance=0.5", Fault(do="drop", attempt=2, chance=0.5)),
        ("large_body:size=64kB", Fault(do="large_body", size=64_000)),
        ("slow_body", Fault(do="slow_body", over=timedelta(seconds=2))),
        ("reset:at=headers", Fault(do="reset", at="headers")),
        ("reorder:window=3", Fault(do="reorder", window=3)),
    ],
)
def test_a_fault_can_be_written_on_a_command_line(text, fault):
    assert parse_fault(text) == fault
    assert as_faults([text, *([] if fault.do == "drop" else ["delay"][: fault.do != "delay"])])[0] == fault


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wrong_secrt", "there is no fault called 'wrong_secrt': did you mean wrong_secret?"),
        ("", "there is no fault called ''"),
        ("delay:over=3s", "delay takes no 'over': there are by, attempt, chance"),
        ("reset:att=body", "reset takes no 'att': did you mean at?"),
        ("delay:by=3", "3 has no unit: write 3s for seconds"),
        ("delay:by=0s", "delay: by must be longer than 0s"),
        ("delay:by", "an argument is written name=value"),
        ("delay:by=1s,by=2s", "by is there twice"),
        ("drop:attempt=0", "attempt is 0: a whole number from 1 to 1,000 is needed"),
        ("drop:attempt=one", "attempt is 'one': a whole number is needed"),
        ("drop:chance=2", "chance is 2.0: a number from 0 to 1 is needed"),
        ("drop:chance=nan", "chance is nan: a number from 0 to 1 is needed"),
        ("reset:at=end", "reset has no at='end': headers or body"),
        ("reorder:window=1", "window is 1: a whole number from 2 to 10,000 is needed"),
        ("reorder:attempt=2", "reorder is of first attempts"),
        ("large_body:size=64", "64 has no unit: write 64B for bytes"),
        ("large_body:size=1000MB", "out of range"),
    ],
)
def test_a_mistake_in_a_fault_says_what_would_be_right(text, says):
    with pytest.raises(UsageError) as refused:
        parse_fault(text)
    assert says in str(refused.value)


def test_faults_are_given_as_a_list():
    with pytest.raises(UsageError, match="faults is a list"):
        as_faults("drop")
    with pytest.raises(UsageError, match="is no fault"):
        as_faults([7])
    with pytest.raises(UsageError, match="says what it does"):
        as_faults([{"by": "3s"}])


@pytest.mark.parametrize(
    ("text", "size", "written"),
    [
        ("1B", 1, "1B"),
        ("64kB", 64_000, "64kB"),
        ("64 kB", 64_000, "64kB"),
        ("64KiB", 65_536, "64KiB"),
        ("1.5kB", 1500, "1500B"),
        ("2MB", 2_000_000, "2MB"),
        ("2MiB", 2 << 20, "2MiB"),
        ("1001B", 1001, "1001B"),
        ("0B", 0, "0B"),
    ],
)
def test_a_size_is_read_and_written(text, size, written):
    assert parse_size(text) == size
    assert format_size(size) == written
    assert parse_size(written) == size


@pytest.mark.parametrize("text", ["64kB", "1MB", "2MiB", "1.5MB"])
def test_a_size_is_as_large_in_a_fault_as_in_the_settings_of_a_server(text):
    fault = Fault(do="large_body", size=text)
    assert fault.size == parse_size(text)
    if fault.size >= 2**20:  # a server keeps no less
        assert operating.size(text) == fault.size


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (64, "64 has no unit: write 64B for bytes"),
        ("64", "64 has no unit: write 64B for bytes"),
        ("64 kb", "'64 kb' is not a size: write 64kB"),
        ("64kib", "'64kib' is not a size: write 64KiB"),
        ("64K", "'64K' is not a size: write 512B, 64kB or 1MiB"),
        (True, "a size is text"),
        (None, "a size is text"),
    ],
)
def test_a_size_that_cannot_be_read_says_what_would_be_right(text, says):
    with pytest.raises(ValueError, match=says):
        parse_size(text)


@pytest.mark.parametrize("text", ["0B", "16.001MB", "16MiB", "1GB"])
def test_a_body_has_a_size_that_can_be_sent(text):
    with pytest.raises(ValueError, match=f"'{text}' is out of range: 1B to 16MB can be sent"):
        parse_sent_size(text)


# --- together ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("missing_signature", "wrong_secret"),
        ("malformed_signature", "missing_signature"),
        ("stale", "future"),
        ("truncated_body", "reset"),
        ("drop", "tampered_body"),
        ("duplicate", "drop"),
        ("slow_body", "reset:at=headers"),
        ("delay", "delay:by=1s"),
    ],
)
def test_what_no_attempt_can_carry_together_is_refused(one, other):
    assert excludes(parse_fault(other), parse_fault(one)), "the order does not matter"
    with pytest.raises(UsageError):
        check_faults((parse_fault(one), parse_fault(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("wrong_secret", "stale"),
        ("tampered_body", "truncated_body"),
        ("delay", "drop"),
        ("slow_body", "reset"),
        ("duplicate", "reset"),
        ("drop:attempt=1", "reset:attempt=2"),
        ("drop:chance=0.1", "wrong_secret"),
    ],
)
def test_what_can_show_together_is_not_refused(one, other):
    assert len(check_faults((parse_fault(one), parse_fault(other)))) == 2


def test_a_fault_that_could_never_hold_is_told_with_its_place():
    held = [*map(parse_fault, ("wrong_secret:attempt=1", "stale", "missing_signature:attempt=1"))]
    assert [*collisions(held)] == [(2, "wrong_secret and missing_signature exclude each other")]


@given(st.lists(some_faults(), max_size=6), st.integers(1, 4), st.integers(0, 50))
def test_an_attempt_carries_only_what_was_asked_and_can_show_together(faults, attempt, seed):
    held = carried(faults, attempt, seed)
    assert held == carried(faults, attempt, seed), "the same seed, the same faults"
    for fault in held:
        assert any(fault == asked.done and asked.attempt in (None, attempt) for asked in faults)
        assert (fault.attempt, fault.chance) == (None, 1.0)
    for place, fault in enumerate(held):
        assert not any(excludes(fault, other) for other in held[place + 1 :])


@given(st.lists(some_faults(), max_size=4))
def test_what_nothing_excludes_and_chance_allows_always_holds(faults):
    faults = [fault for fault in faults if fault.chance == 1 and fault.attempt is None]
    if not [*collisions(faults)]:
        assert set(kinds(carried(faults))) == set(kinds(faults))


def test_a_fault_of_one_attempt_leaves_the_others_alone():
    faults = [Fault(do="wrong_secret", attempt=2), Fault(do="delay")]
    assert [kinds(carried(faults, number)) for number in (1, 2, 3)] == [
        ["delay"],
        ["wrong_secret", "delay"],
        ["delay"],
    ]


def test_a_chance_holds_about_as_often_as_it_says_and_for_other_events_with_another_seed():
    faults = [Fault(do="duplicate", chance=0.1)]
    hits = {
        seed: [number for number in range(2000) if carried(faults, seed=seed, event=f"evt_{number}")]
        for seed in (1, 2)
    }
    assert all(150 < len(hit) < 250 for hit in hits.values())
    assert hits[1] != hits[2]


def test_what_is_dropped_shows_nothing_else():
    faults = [Fault(do="wrong_secret"), Fault(do="delay"), Fault(do="drop", chance=0.5)]
    seen = {tuple(kinds(carried(faults, event=f"evt_{number}"))) for number in range(50)}
    assert seen == {("wrong_secret", "delay"), ("delay", "drop")}


def test_where_nothing_is_signed_no_signature_goes_wrong():
    faults = [Fault(do="wrong_secret"), Fault(do="tampered_body")]
    assert kinds(carried(faults, credentials=False)) == ["tampered_body"]


def test_only_first_attempts_are_put_out_of_order():
    assert kinds(carried([Fault(do="reorder")], 1)) == ["reorder"]
    assert carried([Fault(do="reorder")], 2) == ()


def test_a_single_event_has_no_order_and_a_single_request_no_stream():
    with pytest.raises(UsageError, match="no order"):
        of_one_event((Fault(do="reorder"),))
    for kind in ("slow_body", "truncated_body", "reset", "drop", "delay", "duplicate", "reorder"):
        with pytest.raises(UsageError, match=f"{kind} is how a request is sent"):
            of_one_request((Fault(do=kind),))
    with pytest.raises(UsageError, match="a chance is drawn"):
        of_one_request((Fault(do="wrong_secret", chance=0.5),))


def test_a_fault_reads_like_a_phrase():
    texts = ("wrong_secret:attempt=1", "delay:by=3s", "large_body", "reset", "reorder", "slow_body")
    assert [str(parse_fault(text)) for text in texts] == [
        "wrong_secret",
        "delay by 3s",
        "large_body size 256kB",
        "reset at body",
        "reorder window 5",
        "slow_body over 2s",
    ]


@pytest.mark.parametrize("asked", ["0.1ms", "649.3ms", "1.5ms", "13m35.5364s"])
def test_a_fault_that_was_written_down_is_the_same_when_it_is_read(asked):
    for fault in (parse_fault(f"stale:by={asked}"), parse_fault(f"slow_body:over={asked}")):
        assert read_fault(fault.json()) == fault
