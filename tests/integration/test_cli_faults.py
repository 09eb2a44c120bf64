"""`send --fault` and faults in scenarios: done, and marked on everything that is shown or written."""

import html5lib
import pytest

from sandbox.clock import wall_now
from sandbox.core.faults import KINDS
from sandbox.core.signing import check

SEND = ("send", "chat.created", "--channel", "VIBER", "--speed", "max", "--seed", "1")


def text_of(path):
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return " ".join("".join(parser.parse(path.read_bytes()).itertext()).split())


@pytest.fixture
def refused_once(cli, receiving, folder):
    """A delivery whose first attempt is signed wrongly, and rightly refused."""
    to = receiving(lambda seen: 401 if seen["X-Wexio-Attempt"] == "1" else 200).url
    return lambda *more: cli(
        *SEND, "--to", to, "--secret", "whsec_of-the-tests", "--fault", "wrong_secret:attempt=1", *more
    )


def test_a_fault_is_on_every_line_that_tells_of_its_attempt(refused_once):
    done = refused_once()
    assert done.code == 0
    assert "401 (wrong_secret) +0s · 200 +5s" in done.out
    assert "on purpose: wrong_secret 1×" in done.out
    assert "attempt 1: 401" in done.err
    assert ", on purpose: wrong_secret, next in 5s" in done.err


def test_who_refuses_what_was_to_be_refused_is_given_no_advice(refused_once):
    assert "hint" not in refused_once().out


def test_a_fault_is_in_the_journal_of_what_was_asked_and_of_what_was_done(refused_once):
    done = refused_once("--json")
    assert [line["faults"] for line in done.of("emitted")] == [[{"do": "wrong_secret", "attempt": 1}]]
    assert [line.get("faults") for line in done.of("attempted")] == [[{"do": "wrong_secret"}], None]


def test_a_fault_is_in_junit_and_in_the_report(refused_once, folder):
    assert refused_once("--junit", "j.xml", "--report", "r.html").code == 0
    assert ", on purpose: wrong_secret" in (folder / "j.xml").read_text(encoding="utf-8")
    said = text_of(folder / "r.html")
    assert "on purpose: wrong_secret" in said
    assert "Likely" not in said


def test_a_copy_is_shown_beside_its_original_and_not_counted(cli):
    done = cli(*SEND, "--fault", "duplicate")
    assert "200 (duplicate) +0s · 200 (copy) +0s" in done.out
    assert "PASSED 1 delivery · 1 attempt" in done.out
    [verdict] = cli(*SEND, "--fault", "duplicate", "--json").of("verdict")
    assert verdict["deliveries"] == {"SUCCESS": 1}


def test_of_many_events_a_chance_takes_some_and_the_order_is_another(cli):
    faults = ("--fault", "duplicate:chance=0.4", "--fault", "reorder:window=4")
    done = cli(*SEND, "--count", "12", *faults, "--json")
    emitted = [line["event_id"] for line in done.of("emitted")]
    begun = [line["event_id"] for line in done.of("attempting")]
    assert sorted(begun) == sorted(emitted)
    assert begun != emitted
    copies = [line["event_id"] for line in done.of("attempted") if line.get("copy")]
    assert 0 < len(copies) < 12
    again = cli(*SEND, "--count", "12", *faults, "--json")
    assert [line["event_id"] for line in again.of("attempting")] == begun


def test_the_shipped_scenario_shows_every_fault_and_passes(cli):
    done = cli("run", "faults", "--speed", "max", "--json")
    assert done.code == 0
    assert {fault["do"] for line in done.of("attempted") for fault in line.get("faults", ())} == set(KINDS)


def test_signatures_that_were_to_be_wrong_are_counted_and_none_is_explained(cli):
    done = cli("run", "faults", "--speed", "max")
    assert "hint: 6 of 25 signatures did not hold, as was asked for\n" in done.out


def test_a_verifying_subscriber_takes_what_is_right_and_refuses_the_rest(cli, receiving):
    def decide(seen):
        header = next((value for name, value in seen.headers if name == "X-Wexio-Signature"), None)
        now = wall_now().timestamp()
        return 200 if check(header=header, body=seen.body, secret=b"whsec_x", now=now).valid else 401

    receiver = receiving(decide)
    done = cli("run", "faults", "--speed", "max", "--to", receiver.url, "--secret", "whsec_x", "--json")
    assert done.code == 0
    answers = {
        tuple(fault["do"] for fault in line.get("faults", ())): line["response"]["status"]
        for line in done.of("attempted")
        if "response" in line
    }
    for kind in (
        "missing_signature",
        "malformed_signature",
        "wrong_secret",
        "stale",
        "future",
        "tampered_body",
    ):
        assert answers[kind,] == 401
    for kinds in (
        ("extra_fields", "unicode"),
        ("unknown_event",),
        ("large_body",),
        ("slow_body", "delay"),
        (),
    ):
        assert answers[kinds] == 200
