"""A verdict as JUnit XML, which every CI can show: a suite for each scenario, a case for each expectation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from sandbox.core.durations import format_duration
from sandbox.core.entries import Attempted, Verdict
from sandbox.core.ledger import Delivery
from sandbox.core.model import Response, Status
from sandbox.core.moments import isoformat
from sandbox.core.present import shown_url

LISTED: Final = 50
"""How many deliveries are listed one by one; the failed ones beyond them as well, up to `FAILED_LISTED`."""
FAILED_LISTED: Final = 1000

# XML 1.0 has no way to write these, not even as a character reference.
_REFUSED: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One scenario that was played."""

    name: str
    verdict: Verdict
    deliveries: Sequence[Delivery]


def junit_xml(suites: Iterable[Suite]) -> bytes:
    """All *suites* in one document, UTF-8."""
    suites = list(suites)
    root = ET.Element("testsuites", name="wexio-sandbox")
    for suite in suites:
        root.append(_suite(suite))
    root.set("tests", str(sum(len(suite.verdict.expectations) for suite in suites)))
    root.set("failures", str(sum(_failures(suite) for suite in suites)))
    root.set("errors", "0")
    root.set("time", _seconds(sum(suite.verdict.elapsed_ms for suite in suites)))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(suite: Suite) -> ET.Element:
    verdict = suite.verdict
    name = _clean(suite.name)
    element = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(verdict.expectations)),
        failures=str(_failures(suite)),
        errors="0",
        skipped="0",
        time=_seconds(verdict.elapsed_ms),
        timestamp=isoformat(verdict.at)[:19],
    )
    properties = ET.SubElement(element, "properties")
    ET.SubElement(properties, "property", name="seed", value=str(verdict.seed))
    ET.SubElement(properties, "property", name="run_id", value=verdict.run_id)
    for expectation in verdict.expectations:
        case = ET.SubElement(element, "testcase", classname=name, name=_clean(expectation.text), time="0")
        if not expectation.passed:
            actual = _clean(expectation.actual)
            failure = ET.SubElement(case, "failure", message=actual, type="expectation")
            failure.text = f"expected: {_clean(expectation.text)}\nactual: {actual}"
    ET.SubElement(element, "system-out").text = _clean("\n".join(_lines(suite.deliveries)))
    return element


def _lines(deliveries: Sequence[Delivery]) -> Iterable[str]:
    """What became of each delivery, and its attempts."""
    failed = [item for item in deliveries[LISTED:] if item.status is not Status.SUCCESS]
    for item in [*deliveries[:LISTED], *failed[:FAILED_LISTED]]:
        # One delivery's name is one line's: a newline in it would look like another delivery.
        who = " ".join(item.who.split())
        yield f"{item.status} {item.event} {item.channel or '-'} {who or '-'} {item.event_id}"
        for attempt in item.attempts:
            after = format_duration(attempt.started_at - item.emitted_at)
            yield f"  attempt {attempt.attempt} after {after}: {in_words(attempt)} ({attempt.elapsed_ms:.0f} ms)"
    left_out = len(deliveries) - min(len(deliveries), LISTED) - min(len(failed), FAILED_LISTED)
    if left_out:
        yield f"and {left_out} more"


def in_words(attempt: Attempted) -> str:
    """``200``, or ``timeout: no complete answer within 10s``."""
    outcome = attempt.outcome
    if isinstance(outcome, Response):
        return str(outcome.status)
    url = attempt.rendering.target.connection.url
    message = outcome.message.replace(url, shown_url(url))
    return f"{outcome.type}: {' '.join(message.split())}"


def _failures(suite: Suite) -> int:
    return sum(not item.passed for item in suite.verdict.expectations)


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _clean(text: str) -> str:
    return _REFUSED.sub("\ufffd", text)
