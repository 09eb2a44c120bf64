"""The time axis of a report: everything keeps its order, and what is close can be told apart."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.reportaxis import axis

SVIX = [0.0, *accumulate([5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0])]
WEXIO = [0.0, 5.0, 15.0, 35.0, 75.0]


def labels(of):
    return [tick.label for tick in of.ticks]


def test_a_short_ladder_stands_on_an_even_axis():
    found = axis(WEXIO, [WEXIO])
    assert found.even
    assert [round(found.place(moment), 3) for moment in WEXIO] == [0, 0.067, 0.2, 0.467, 1]
    assert labels(found) == ["0s", "15s", "30s", "45s", "1m", "1m15s"]
    assert found.shortened == ()


def test_on_a_ladder_of_a_day_each_attempt_can_be_told_apart():
    found = axis(SVIX, [SVIX])
    assert not found.even
    places = [found.place(moment) for moment in SVIX]
    assert min(after - before for before, after in pairwise(places)) > 0.04
    assert labels(found) == ["0s", "5m5s", "35m5s", "2h35m5s", "7h35m5s", "17h35m5s", "27h35m5s"]


def test_the_shortened_pauses_are_the_long_ones():
    found = axis(SVIX, [SVIX])
    assert found.shortened
    assert min(left for left, _ in found.shortened) >= found.place(5.0)


def test_a_long_pause_between_single_attempts_is_shortened():
    moments = [0.0, 1.0, 2.0, 3.0, 7200.0, 7201.0]
    assert not axis(moments, [[moment] for moment in moments]).even


def test_a_short_run_is_even_though_it_begins_with_a_pause():
    assert axis([0.0, 0.2, 0.21, 1.0], [[0.2], [0.21]]).even


@pytest.mark.parametrize("moments", [[], [0.0], [0.0, 0.0]], ids=repr)
def test_at_one_instant_there_is_one_label(moments):
    found = axis(moments, [moments])
    assert labels(found) == ["0s"]
    assert found.place(0.0) == 0


moments = st.lists(st.floats(0, 1e8, allow_subnormal=False), min_size=1, max_size=40)


@given(moments, st.floats(0, 1e8))
def test_whatever_the_moments_their_order_is_kept_and_all_are_on_the_axis(given_moments, other):
    ladder = sorted(given_moments)
    found = axis(given_moments, [ladder])
    places = [found.place(moment) for moment in ladder]
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in [*places, found.place(other)])
    assert all(0 <= tick.place <= 1.000001 for tick in found.ticks)
    assert len(found.ticks) <= 9
    assert all(before < after for before, after in found.shortened)


@given(moments)
def test_labels_never_stand_on_each_other(given_moments):
    ticks = axis(given_moments, [sorted(given_moments)]).ticks
    assert all(after.place - before.place > 0.1 for before, after in pairwise(ticks))
