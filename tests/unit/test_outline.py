"""A scenario in outline: one line for each step, and how long it takes where that is known."""

from datetime import timedelta

from sandbox.core.outline import Line, outline
from sandbox.core.parse import read_scenario

TEXT = """
name: Outline
contacts:
  alex: {firstName: Alex}
steps:
  - {emit: chat.created, channel: VIBER, contact: alex, note: Alex writes.}
  - wait: 1h30m
  - repeat: 3
    every: 2s
    steps:
      - {emit: chat.created, channel: [WHATSAPP, VIBER], contact: none}
      - wait: 500ms
  - repeat: 2
    steps:
      - settle: 10s
  - settle: 1m
  - expect: {status: SUCCESS, deliveries: 4, attempts: {min: 1, max: 3}, within: 5m}
"""


def lines():
    scenario = read_scenario(TEXT).scenario
    assert scenario is not None
    return outline(scenario)


def test_each_step_says_what_happens_in_it():
    assert [(line.kind, line.says) for line in lines()] == [
        ("emit", "chat.created · alex · VIBER"),
        ("wait", "1h30m"),
        ("repeat", "3 times every 2s: chat.created · no contact · WHATSAPP or VIBER, 500ms"),
        ("repeat", "2 times: until nothing is pending, at most 10s"),
        ("settle", "until nothing is pending, at most 1m"),
        ("expect", "SUCCESS, 4 deliveries, 1 to 3 attempts, within 5m"),
    ]


def test_what_is_not_known_before_it_is_over_has_no_length():
    seconds = [None if line.takes is None else line.takes.total_seconds() for line in lines()]
    assert seconds == [0, 5400, 3 * 0.5 + 2 * 2, None, None, 0]


def test_it_names_the_channels_on_which_something_may_happen():
    assert [line.channels for line in lines()][:3] == [("VIBER",), (), ("WHATSAPP", "VIBER")]


def test_a_line_comes_back_from_its_document():
    assert [Line.read(line.document()) for line in lines()] == list(lines())


def test_a_length_is_a_duration():
    assert lines()[1].takes == timedelta(hours=1, minutes=30)
