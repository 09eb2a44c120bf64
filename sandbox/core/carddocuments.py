"""The report card for machines: JSON, and JUnit XML with a case for each check."""

from __future__ import annotations

import re
from typing import Any, Final
from xml.etree import ElementTree as ET

from sandbox.core.card import Card, Finding, Posted
from sandbox.core.cardbook import BOOK
from sandbox.core.curl import as_curl
from sandbox.core.markup import Ink
from sandbox.core.model import AUTH_TYPE, Response
from sandbox.core.moments import isoformat
from sandbox.core.present import body_json, headers_json, shown_url
from sandbox.core.report import ANSWER_SHOWN, REQUEST_SHOWN

# XML 1.0 has no way to write these, not even as a character reference.
_REFUSED: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def card_json(card: Card) -> dict[str, Any]:
    """The whole card; ``passed`` and ``checks`` first."""
    ink = card.ink
    return {
        "passed": card.passed,
        "checks": [_check(item, ink) for item in card.findings],
        "url": ink.mask(shown_url(card.connection.url)),
        "auth": AUTH_TYPE[type(card.connection.auth)],
        "counts": dict(card.counts),
        "requests": card.posted,
        "allowed": card.allowed,
        "max_wait": card.bound,
        "made_at": isoformat(card.made_at),
        "elapsed_ms": round(card.elapsed_ms, 3),
        "version": card.version,
    }


def _check(finding: Finding, ink: Ink) -> dict[str, Any]:
    entry, posted = BOOK[finding.id], finding.decisive
    shown: dict[str, Any] = {
        "id": finding.id,
        "status": finding.status,
        "reason": ink.mask(finding.reason),
        "sent": None if posted is None else _sent(posted, ink),
        "answered": None if posted is None else _answered(posted, ink),
        "advice": finding.advice or None,
        "title": entry.title,
        "why": entry.why,
        "requests": finding.posted,
        "elapsed_ms": round(finding.elapsed_ms, 3),
    }
    if finding.advice:
        shown["code"] = dict(zip(("python", "node"), finding.code, strict=True))
    if entry.assumed:
        shown["assumed"] = entry.assumed
    return shown


def _sent(posted: Posted, ink: Ink) -> dict[str, Any]:
    request = posted.request
    return {
        "what": posted.what,
        "url": ink.mask(shown_url(request.url)),
        "headers": [[name, ink.mask(value)] for name, value in headers_json(request.headers)],
        **_body(request.body, REQUEST_SHOWN, ink),
        "curl": as_curl(request, ink),
    }


def _answered(posted: Posted, ink: Ink) -> dict[str, Any]:
    outcome = posted.outcome
    took = {"elapsed_ms": round(posted.elapsed_ms, 3)}
    if not isinstance(outcome, Response):
        message = outcome.message.replace(posted.request.url, shown_url(posted.request.url))
        return {"error": {"type": outcome.type, "message": ink.mask(message)}, **took}
    return {
        "status": outcome.status,
        "headers": [[ink.mask(name), ink.mask(value)] for name, value in outcome.headers],
        **_body(outcome.body, ANSWER_SHOWN, ink),
        **took,
    }


def _body(body: bytes, most: int, ink: Ink) -> dict[str, Any]:
    """The beginning of *body*, and how long it is; secrets are masked before anything is cut."""
    shown: dict[str, Any] = body_json(body)
    if "body" in shown:
        text = ink.mask(shown["body"])
        shown["body"] = text[:most]
        cut = len(text) > most
    else:
        # What is no text is searched for secrets as text, and given as bytes only where none is there.
        text = body.decode("utf-8", "surrogateescape")
        masked = ink.mask(text)
        if masked != text:
            shown = {"body": masked.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:most]}
        else:
            shown = body_json(body[:most]) if len(body) > most else shown
        cut = len(body) > most
    return shown | {"bytes": len(body)} | ({"truncated": True} if cut else {})


def card_junit(card: Card) -> bytes:
    """A suite with a case for each check; a warning is a passed case that says so."""
    ink = card.ink
    counts = card.counts
    totals = {
        "tests": str(len(card.findings)),
        "failures": str(counts["failed"]),
        "errors": "0",
        "skipped": str(counts["skipped"]),
        "time": f"{card.elapsed_ms / 1000:.3f}",
    }
    root = ET.Element("testsuites", {"name": "wexio-sandbox", **totals})
    name = "report card"
    head = {"name": name, "timestamp": isoformat(card.made_at)[:19], **totals}
    suite = ET.SubElement(root, "testsuite", head)
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="url", value=_clean(ink.mask(shown_url(card.connection.url))))
    for item in card.findings:
        seconds = f"{item.elapsed_ms / 1000:.3f}"
        case = ET.SubElement(suite, "testcase", classname=name, name=item.id, time=seconds)
        reason = _clean(ink.mask(item.reason))
        if item.status == "failed":
            failure = ET.SubElement(case, "failure", message=reason, type=item.id)
            failure.text = _clean(_told(item, ink))
        elif item.status == "skipped":
            ET.SubElement(case, "skipped", message=reason)
        elif item.status == "warned":
            ET.SubElement(case, "system-out").text = _clean(f"warning: {_told(item, ink)}")
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _told(item: Finding, ink: Ink) -> str:
    parts = [ink.mask(item.reason), f"why: {BOOK[item.id].why}", f"change: {item.advice}"]
    if item.decisive is not None:
        parts.append(f"sent: {item.decisive.what}\n{as_curl(item.decisive.request, ink)}")
        parts.append(f"answered: {ink.mask(item.decisive.answer)}")
    return "\n".join(parts)


def _clean(text: str) -> str:
    return _REFUSED.sub("\ufffd", text)
