"""A verdict as JUnit XML, read back by somebody else's parser."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from sandbox.core.entries import Attempted, Expectation, Verdict
from sandbox.core.envelope import Rendering, Target
from sandbox.core.junit import FAILED_LISTED, IN_FAILURE, LISTED, Suite, junit_xml
from sandbox.core.ledger import Delivery
from sandbox.core.model import Connection, Event, NoAuth, Response, Status, TransportError

AT = datetime(2026, 4, 24, 14, 2, 10, 123_456, tzinfo=UTC)
ID = "6640f45ac8a0d7e8b7f2014a"
HELD = Expectation(text="2 deliveries SUCCESS", passed=True, actual="2")
FAILED = Expectation(text="all others succeeded", passed=False, actual="1 DEAD_LETTER")


def verdict(*expectations, **changes):
    given = {
        "at": AT, "run_id": "run_1", "passed": all(item.passed for item in expectations),
        "expectations": expectations, "deliveries": {}, "seed": 42, "elapsed_ms": 1234.5,
    }  # fmt: skip
    return Verdict(**given | changes)


def suite(*expectations, name="First contact", deliveries=(), **changes):
    return Suite(name=name, verdict=verdict(*expectations, **changes), deliveries=deliveries)


def attempt(number=1, outcome=None, *, after=0.0, url="http://127.0.0.1:1/x"):
    event = Event(id="evt_1", name="chat.created", occurred_at=AT, organisation_id="0" * 24, data_json=b"{}")
    target = Target(Connection(name="crm", url=url, auth=NoAuth(), id=ID))
    started = AT + timedelta(seconds=after)
    return Attempted(
        at=started, run_id="run_1", delivery_id="dlv_1", event_id="evt_1", connection_id=ID, attempt=number,
        rendering=Rendering(event, target, number, AT), outcome=outcome or Response(status=200),
        started_at=started, elapsed_ms=12.4,
    )  # fmt: skip


def delivery(number=1, status=Status.SUCCESS, *, who="Ann", channel="VIBER", attempts=()):
    return Delivery(
        id=f"dlv_{number}", run_id="run_1", event_id=f"evt_{number}", event="chat.created", channel=channel,
        who=who, connection_id=ID, status=status, attempt_count=len(attempts), attempts=tuple(attempts),
        next_attempt_at=None, emitted_at=AT, settled_at=None,
    )  # fmt: skip


def parsed(*suites):
    return JUnitXml.fromstring(junit_xml(suites))


REFUSED = Suite(
    name="mine.yaml", begun=False, file="scenarios/mine.yaml", line=7,
    refused="mine.yaml:7:3: unknown key 'emmit'", details="mine.yaml:7:3: unknown key 'emmit'\n  7 | - emmit",
)  # fmt: skip


def test_a_scenario_that_is_refused_is_one_error_with_its_place_and_the_others_are_skipped():
    document = parsed(Suite(name="First contact", begun=False), REFUSED)
    assert (document.tests, document.errors, document.skipped, document.failures) == (2, 1, 1, 0)
    other, refused = document
    assert isinstance(only(only(other).result), Skipped)
    assert (refused.name, refused.tests, refused.errors, refused.skipped) == ("mine.yaml", 1, 1, 0)
    case = only(refused)
    assert (case.name, case._elem.get("file"), case._elem.get("line")) == (
        "played to its end",
        "scenarios/mine.yaml",
        "7",
    )
    error = only(case.result)
    assert isinstance(error, Error)
    assert (error.type, error.message, error.text) == ("refused", REFUSED.refused, REFUSED.details)


def test_a_refusal_without_details_is_told_all_the_same():
    error = only(only(only(parsed(Suite(name="x", begun=False, refused="there is no file x")))).result)
    assert (error.message, error.text) == ("there is no file x", "there is no file x")


def only(document):
    [found] = document
    return found


def log(*deliveries):
    """The lines about deliveries."""
    [told] = only(parsed(suite(deliveries=deliveries)))._elem.iter("system-out")
    return (told.text or "").split("\n")


# --- suites, cases, failures -----------------------------------------------------


@pytest.mark.parametrize(
    ("suites", "tests", "failures"),
    [
        pytest.param([], 0, 0, id="nothing"),
        pytest.param([suite()], 0, 0, id="no expectation"),
        pytest.param([suite(HELD)], 1, 0, id="one that held"),
        pytest.param([suite(HELD, FAILED, FAILED)], 3, 2, id="two of three failed"),
        pytest.param([suite(HELD, FAILED), suite(FAILED), suite(HELD)], 4, 2, id="three scenarios"),
    ],
)
def test_the_numbers_are_those_that_a_reader_counts(suites, tests, failures):
    document = parsed(*suites)
    assert (document.tests, document.failures, document.errors) == (tests, failures, 0)
    declared = [(item.tests, item.failures, item.errors, item.skipped) for item in document]
    document.update_statistics()
    assert (document.tests, document.failures, document.errors) == (tests, failures, 0)
    assert [(item.tests, item.failures, item.errors, item.skipped) for item in document] == declared
    assert len(declared) == len(suites)


def test_a_scenario_that_was_interrupted_is_an_error_and_one_never_begun_is_skipped():
    waits = delivery(2, Status.PENDING, attempts=[attempt(outcome=Response(status=503))])
    document = parsed(
        suite(HELD), Suite(name="Half", deliveries=[delivery(), waits]), Suite(name="Later", begun=False)
    )
    numbers = (document.tests, document.failures, document.errors, document.skipped)
    assert numbers == (3, 0, 1, 1)
    declared = [(item.tests, item.failures, item.errors, item.skipped) for item in document]
    document.update_statistics()
    assert (document.tests, document.failures, document.errors, document.skipped) == numbers
    assert [(item.tests, item.failures, item.errors, item.skipped) for item in document] == declared
    _, half, later = document
    [[error], [skipped]] = ([result for case in item for result in case.result] for item in (half, later))
    assert isinstance(error, Error)
    assert (error.message, error.type) == ("interrupted; deliveries still pending: 1", "interrupted")
    assert isinstance(skipped, Skipped)
    [log] = half._elem.iter("system-out")
    assert "PENDING chat.created" in log.text
    assert not list(later._elem.iter("system-out"))


def test_a_suite_is_named_after_its_scenario_and_says_how_to_repeat_it():
    found = only(parsed(suite(HELD)))
    assert (found.name, found.time, found.timestamp) == ("First contact", 1.234, "2026-04-24T14:02:10")
    assert {item.name: item.value for item in found.properties()} == {"seed": "42", "run_id": "run_1"}


def test_the_whole_took_as_long_as_its_scenarios():
    assert parsed(suite(elapsed_ms=1000.0), suite(elapsed_ms=250.0)).time == 1.25


def test_each_expectation_is_a_case_and_only_a_failed_one_has_a_failure():
    held, failed = only(parsed(suite(HELD, FAILED)))
    assert (held.name, held.classname, held.result) == (HELD.text, "First contact", [])
    [failure] = failed.result
    assert isinstance(failure, Failure)
    assert (failure.message, failure.type) == (FAILED.actual, "expectation")
    assert failure.text == "expected: all others succeeded\nactual: 1 DEAD_LETTER"


def test_the_document_says_that_it_is_utf_8():
    document = junit_xml([suite(name="Zoë 🙂 Олена")])
    assert document.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n")
    assert document.endswith(b"</testsuites>\n")
    assert "Zoë 🙂 Олена".encode() in document


def test_the_same_verdict_is_the_same_document_byte_for_byte():
    def played():
        attempts = [attempt(1, Response(status=503)), attempt(2, after=5)]
        yield suite(HELD, FAILED, deliveries=[delivery(n, attempts=attempts) for n in range(60)])
        yield suite(HELD, name="Another")

    assert junit_xml(played()) == junit_xml(list(played()))


def about(*numbers, passed=False):
    ids = tuple(f"dlv_{number}" for number in numbers)
    return Expectation(text="all succeeded", passed=passed, actual="so and so", about=ids)


def output_of(case):
    return [line for told in case._elem.iter("system-out") for line in (told.text or "").split("\n")]


def test_a_case_tells_the_attempts_of_the_deliveries_that_it_is_about():
    deliveries = [delivery(n, attempts=[attempt(1, Response(status=500 + n))]) for n in range(3)]
    first, second = only(parsed(suite(about(0, 2, passed=True), about(1), deliveries=deliveries)))
    assert output_of(first) == [
        "SUCCESS chat.created VIBER Ann evt_0",
        "  attempt 1 after 0s: 500 (12 ms)",
        "SUCCESS chat.created VIBER Ann evt_2",
        "  attempt 1 after 0s: 502 (12 ms)",
    ]
    told = ["SUCCESS chat.created VIBER Ann evt_1", "  attempt 1 after 0s: 501 (12 ms)"]
    assert output_of(second) == told
    [failure] = second.result
    assert failure.text.split("\n") == ["expected: all succeeded", "actual: so and so", "", *told]


def test_a_failure_tells_only_the_first_of_many():
    deliveries = [delivery(n) for n in range(IN_FAILURE + 1)]
    [case] = only(parsed(suite(about(*range(IN_FAILURE + 1)), deliveries=deliveries)))
    [failure] = case.result
    *lines, last = failure.text.split("\n")[3:]
    assert (told(lines), last) == (list(range(IN_FAILURE)), "and more: see the output")
    assert told(output_of(case)) == list(range(IN_FAILURE + 1))


def test_a_delivery_that_is_not_there_is_not_told():
    [case] = only(parsed(suite(about(7))))
    assert output_of(case) == []


def test_cases_of_one_suite_have_different_names_because_ci_systems_tell_them_apart_by_these():
    found = only(parsed(suite(HELD, FAILED, HELD, HELD)))
    assert [case.name for case in found] == [HELD.text, FAILED.text, f"{HELD.text} (2)", f"{HELD.text} (3)"]


@pytest.mark.parametrize(
    ("file", "line", "expected"),
    [
        pytest.param("scenarios/mine.yaml", 12, ("scenarios/mine.yaml", "12"), id="a step"),
        pytest.param("a\x1b&.yaml", None, ("a\ufffd&.yaml", "1"), id="what every scenario expects"),
        pytest.param(None, 12, (None, None), id="no file"),
    ],
)
def test_a_case_has_its_place_in_the_scenarios_file(file, line, expected):
    [case] = only(parsed(replace(suite(replace(FAILED, line=line)), file=file)))
    assert (case._elem.get("file"), case._elem.get("line")) == expected


# --- hostile text ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a]]>b", "a]]>b", id="the end of a CDATA section"),
        pytest.param("<script>&amp;</testsuite>", "<script>&amp;</testsuite>", id="markup"),
        pytest.param("\"quoted\" & 'so'", "\"quoted\" & 'so'", id="quotes"),
        pytest.param("a\nb", "a\nb", id="a newline"),
        pytest.param("a\tb", "a\tb", id="a tab"),
        pytest.param("\x1b[31m\x00\x07\x0c", "\ufffd[31m\ufffd\ufffd\ufffd", id="controls"),
        pytest.param("x\ud83d", "x\ufffd", id="half a character"),
        pytest.param("a\ufffe\uffffb", "a\ufffd\ufffdb", id="what is no character"),
        pytest.param("Zoë 🙂 \u202egpj", "Zoë 🙂 \u202egpj", id="every script"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_hostile_text_survives_or_is_replaced(text, expected):
    bad = Expectation(text=text, passed=False, actual=text)
    found = only(parsed(suite(bad, name=text)))
    [case] = found
    [failure] = case.result
    assert (found.name, case.classname, case.name, failure.message) == (expected,) * 4
    assert failure.text == f"expected: {expected}\nactual: {expected}"


any_text = st.text(
    st.characters(exclude_categories=[]) | st.sampled_from("\0\t\n\r\x1b<>&]'\"\x7f\x85\ud800\ufffe")
)


@given(any_text, any_text, any_text)
def test_whatever_the_texts_the_document_can_be_read_and_its_numbers_hold(name, text, who):
    items = [
        Expectation(text=text, passed=False, actual=name),
        Expectation(text=name, passed=True, actual=who),
    ]
    answer = TransportError(type="protocol", message=text)
    document = parsed(suite(*items, name=name, deliveries=[delivery(who=who, attempts=[attempt(1, answer)])]))
    assert (document.tests, document.failures) == (2, 1)
    assert len(list(only(document))) == 2


@pytest.mark.parametrize(
    "who", ["Ann\nFAILED chat.created", "Ann\r\nB", "Ann\u2028B", "Ann\x85B", "\x1b[2JAnn"]
)
def test_a_deliverys_name_stays_on_its_line(who):
    assert len("\n".join(log(delivery(who=who), delivery(2))).splitlines()) == 2


def test_an_errors_message_stays_on_its_line():
    lines = log(delivery(attempts=[attempt(1, TransportError(type="tls", message="bad\n  certificate"))]))
    assert lines[1] == "  attempt 1 after 0s: tls: bad certificate (12 ms)"


def test_no_value_of_a_query_passes():
    url = "http://ü.example/hook?key=s3cret"
    refused = TransportError(type="protocol", message=f"InvalidUrlClientError: {url}")
    lines = log(delivery(attempts=[attempt(1, refused, url=url)]))
    assert lines[1] == (
        "  attempt 1 after 0s: protocol: InvalidUrlClientError: http://ü.example/hook?key=*** (12 ms)"
    )


# --- deliveries ------------------------------------------------------------------


def test_a_delivery_is_told_with_its_attempts():
    attempts = [
        attempt(1, Response(status=503)),
        attempt(2, TransportError(type="timeout", message="no complete answer within 10s"), after=5),
        attempt(3, after=75),
    ]
    assert log(delivery(attempts=attempts)) == [
        "SUCCESS chat.created VIBER Ann evt_1",
        "  attempt 1 after 0s: 503 (12 ms)",
        "  attempt 2 after 5s: timeout: no complete answer within 10s (12 ms)",
        "  attempt 3 after 1m15s: 200 (12 ms)",
    ]


def test_a_delivery_without_channel_and_name_has_dashes_for_them():
    assert log(delivery(channel=None, who=" ")) == ["SUCCESS chat.created - - evt_1"]


def told(lines):
    return [int(line.rpartition("_")[2]) for line in lines if not line.startswith("and ")]


@pytest.mark.parametrize(
    ("many", "failed", "also", "left_out"),
    [
        pytest.param(0, [], [], None, id="none"),
        pytest.param(LISTED, [], [], None, id="as many as are listed"),
        pytest.param(LISTED + 1, [], [], "and 1 more", id="one more"),
        pytest.param(120, [10, 60, 119], [60, 119], "and 68 more", id="failed ones beyond"),
        pytest.param(LISTED + 1, [LISTED], [LISTED], None, id="only a failed one beyond"),
    ],
)
def test_fifty_deliveries_are_listed_and_the_failed_ones_beyond(many, failed, also, left_out):
    lines = log(*(delivery(n, Status.DEAD_LETTER if n in failed else Status.SUCCESS) for n in range(many)))
    lines = [line for line in lines if line]
    assert told(lines) == [*range(min(many, LISTED)), *also]
    assert lines[len(told(lines)) :] == ([left_out] if left_out else [])


def test_even_the_failed_ones_have_a_limit():
    many = LISTED + FAILED_LISTED + 7
    lines = log(*(delivery(n, Status.FAILED) for n in range(many)))
    assert told(lines) == list(range(LISTED + FAILED_LISTED))
    assert lines[-1] == "and 7 more"


def test_what_never_settled_counts_among_the_failed_ones():
    deliveries = [delivery(n) for n in range(LISTED)]
    lines = log(*deliveries, delivery(LISTED)._replace(status=Status.PENDING))
    assert lines[-1] == f"PENDING chat.created VIBER Ann evt_{LISTED}"
