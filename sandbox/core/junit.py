"""A verdict as JUnit XML, which every CI can show: a suite for each scenario, a case for each expectation.

Some show only what a failure says, some a case's output, some a suite's: what became
of the deliveries is in all three.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from sandbox.core.durations import format_duration
from sandbox.core.entries import Attempted, Expectation, Verdict
from sandbox.core.ledger import Delivery
from sandbox.core.model import Response, Status
from sandbox.core.moments import isoformat
from sandbox.core.present import shown_url

IN_FAILURE: Final = 10
"""Of the deliveries that speak against an expectation, so many are told in its failure."""
LISTED: Final = 50
"""How many deliveries are listed one by one; the failed ones beyond them as well, up to `FAILED_LISTED`."""
FAILED_LISTED: Final = 1000

# XML 1.0 has no way to write these, not even as a character reference.
_REFUSED: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One scenario; without a verdict it was not played to its end, never begun, or refused."""

    name: str
    verdict: Verdict | None = None
    deliveries: Sequence[Delivery] = ()
    begun: bool = True
    file: str | None = None  # the scenario's, where it has one; of a refused one, where that is wrong
    line: int = 1
    refused: str | None = None  # why it could not be begun, in a line
    details: str = ""  # the same at length

    @property
    def ended_badly(self) -> bool:
        """Whether it has no verdict though it should: it was begun, or it was refused."""
        return self.verdict is None and (self.begun or self.refused is not None)


def junit_xml(suites: Iterable[Suite]) -> bytes:
    """All *suites* in one document, UTF-8."""
    suites = list(suites)
    root = ET.Element("testsuites", name="wexio-sandbox")
    for suite in suites:
        root.append(_suite(suite))
    verdicts = [suite.verdict for suite in suites if suite.verdict is not None]
    unfinished = sum(suite.ended_badly for suite in suites)
    cases = sum(len(verdict.expectations) for verdict in verdicts)
    root.set("tests", str(cases + len(suites) - len(verdicts)))
    root.set("failures", str(sum(_failures(verdict) for verdict in verdicts)))
    root.set("errors", str(unfinished))
    root.set("skipped", str(len(suites) - len(verdicts) - unfinished))
    root.set("time", _seconds(sum(verdict.elapsed_ms for verdict in verdicts)))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(suite: Suite) -> ET.Element:
    name = _clean(suite.name)
    element = _not_finished(name, suite) if suite.verdict is None else _judged(name, suite, suite.verdict)
    if suite.begun:
        ET.SubElement(element, "system-out").text = _clean("\n".join(_lines(suite.deliveries)))
    return element


def _not_finished(name: str, suite: Suite) -> ET.Element:
    """One case, so that whoever counts them sees that something is missing."""
    element = ET.Element(
        "testsuite",
        name=name,
        tests="1",
        failures="0",
        errors=str(int(suite.ended_badly)),
        skipped=str(int(not suite.ended_badly)),
        time="0",
    )
    case = ET.SubElement(element, "testcase", classname=name, name="played to its end", time="0")
    if suite.refused is not None:
        _place(case, suite, suite.line)
        error = ET.SubElement(case, "error", message=_clean(suite.refused), type="refused")
        error.text = _clean(suite.details or suite.refused)
    elif suite.begun:
        pending = sum(item.status is Status.PENDING for item in suite.deliveries)
        message = f"interrupted; deliveries still pending: {pending}"
        ET.SubElement(case, "error", message=message, type="interrupted")
    else:
        ET.SubElement(case, "skipped", message="not played")
    return element


def _judged(name: str, suite: Suite, verdict: Verdict) -> ET.Element:
    element = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(verdict.expectations)),
        failures=str(_failures(verdict)),
        errors="0",
        skipped="0",
        time=_seconds(verdict.elapsed_ms),
        timestamp=isoformat(verdict.at)[:19],
    )
    properties = ET.SubElement(element, "properties")
    ET.SubElement(properties, "property", name="seed", value=str(verdict.seed))
    ET.SubElement(properties, "property", name="run_id", value=verdict.run_id)
    known = {item.id: item for item in suite.deliveries}
    for expectation, title in zip(verdict.expectations, _titles(verdict), strict=True):
        case = ET.SubElement(element, "testcase", classname=name, name=_clean(title), time="0")
        _place(case, suite, expectation.line or 1)
        about = [known[id] for id in expectation.about if id in known]
        if not expectation.passed:
            _fail(case, expectation, about)
        if about:
            ET.SubElement(case, "system-out").text = _clean("\n".join(_lines(about)))
    return element


def _place(case: ET.Element, suite: Suite, line: int) -> None:
    if suite.file is not None:
        case.set("file", _clean(suite.file))
        case.set("line", str(line))


def _titles(verdict: Verdict) -> Iterable[str]:
    """The expectations by name, each with a name of its own: CI systems know a case by it."""
    seen: Counter[str] = Counter()
    for expectation in verdict.expectations:
        seen[expectation.text] += 1
        again = seen[expectation.text]
        yield f"{expectation.text} ({again})" if again > 1 else expectation.text


def _fail(case: ET.Element, expectation: Expectation, about: Sequence[Delivery]) -> None:
    failure = ET.SubElement(case, "failure", message=_clean(expectation.actual), type="expectation")
    lines = [f"expected: {expectation.text}", f"actual: {expectation.actual}"]
    if about:
        lines += ["", *_lines(about[:IN_FAILURE])]
    if len(about) > IN_FAILURE:
        lines.append("and more: see the output")
    failure.text = _clean("\n".join(lines))


def _lines(deliveries: Sequence[Delivery]) -> Iterable[str]:
    """What became of each delivery, and its attempts."""
    failed = [item for item in deliveries[LISTED:] if item.status is not Status.SUCCESS]
    for item in [*deliveries[:LISTED], *failed[:FAILED_LISTED]]:
        # One delivery's name is one line's: a newline in it would look like another delivery.
        who = " ".join(item.who.split())
        yield f"{item.status} {item.event} {item.channel or '-'} {who or '-'} {item.event_id}"
        for attempt in item.attempts:
            after = format_duration(attempt.started_at - item.emitted_at)
            yield f"  attempt {attempt.attempt} after {after}: {in_words(attempt)} ({attempt.elapsed_ms:.0f} ms){_wrong(attempt)}"
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


def _wrong(attempt: Attempted) -> str:
    return f", on purpose: {attempt.went_wrong}" if attempt.went_wrong else ""


def _failures(verdict: Verdict) -> int:
    return sum(not item.passed for item in verdict.expectations)


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _clean(text: str) -> str:
    return _REFUSED.sub("\ufffd", text)
