"""Columns share a terminal's width."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.cli.layout import GAP, Column, fit

WHOLE, NAME, SPARE, SOONER = Column(), Column(least=8), Column(spare=1), Column(spare=2)


@pytest.mark.parametrize(
    ("columns", "wanted", "room", "widths"),
    [
        ([WHOLE, NAME], [7, 20], 29, [7, 20]),
        ([WHOLE, NAME], [7, 20], 28, [7, 19]),
        ([WHOLE, NAME], [7, 20], 17, [7, 8]),
        ([WHOLE, NAME], [7, 20], 16, None),
        ([WHOLE, NAME], [7, 5], 14, [7, 5]),
        ([NAME, NAME], [40, 20], 42, [20, 20]),
        ([NAME, NAME], [40, 20], 32, [15, 15]),
        ([SPARE, WHOLE], [12, 7], 20, [0, 7]),
        ([SPARE, SOONER, WHOLE], [5, 6, 7], 14, [5, 0, 7]),
        ([SPARE, SOONER, WHOLE], [5, 6, 7], 13, [0, 0, 7]),
        ([SPARE, NAME], [12, 30], 30, [12, 16]),
        ([], [], 10, []),
    ],
)
def test_columns_shrink_and_then_are_spared(columns, wanted, room, widths):
    assert fit(columns, wanted, room) == widths


@given(
    st.lists(
        st.tuples(
            st.builds(Column, least=st.none() | st.integers(1, 20), spare=st.integers(0, 3)),
            st.integers(1, 60),
        ),
        min_size=1,
        max_size=7,
    ),
    st.integers(1, 200),
)
def test_what_fits_stays_within_the_room_and_within_its_own_bounds(columns, room):
    rules, wanted = [rule for rule, _ in columns], [want for _, want in columns]
    widths = fit(rules, wanted, room)
    if widths is None:
        return
    there = [width for width in widths if width]
    assert sum(there) + GAP * max(0, len(there) - 1) <= room
    for rule, want, width in zip(rules, wanted, widths, strict=True):
        least = want if rule.least is None else min(rule.least, want)
        assert least <= width <= want or (rule.spare and width == 0)
