"""`run` and `send`: each option has its effect, whoever says it, and the outcome is told truly."""

import base64
import itertools
import json
import os
import re
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

import junitparser
import pytest
import stripe

from sandbox.clock import wall_now
from sandbox.core.config import Config
from sandbox.files import load_scenario
from sandbox.runner import play
from sandbox.settings import Settings
from tests.receiver import SILENCE

SEND = ("send", "chat.created")
MAX = ("--speed", "max")
SECRET = "whsec_of-the-tests"
START = "2026-04-24T14:02:10Z"
GENERATED = re.compile(r"signing with a generated secret.*: (whsec_[0-9a-f]{48})$", re.MULTILINE)

ONE = """
name: One chat
seed: 11
steps:
  - emit: chat.created
    channel: VIBER
"""


def verify(seen, secret):
    """As an independent library sees it; it raises where the signature does not hold."""
    return stripe.WebhookSignature.verify_header(
        seen.body.decode(), seen["X-Wexio-Signature"], secret, tolerance=300
    )


def names(seen):
    return [name.lower() for name, _ in seen.headers]


def moment(text):
    return datetime.fromisoformat(text)


def connections_to(*receivers, more=""):
    """The YAML of a connection to each of *receivers*."""
    items = [
        f"  - {{name: c{number}, url: '{receiver.url}', auth: {{type: HMAC, secret: {SECRET}}}, "
        f"events: [chat.created]{more}}}"
        for number, receiver in enumerate(receivers)
    ]
    return "connections:\n" + "\n".join(items) + "\n"


# --- one playing --------------------------------------------------------------------


async def test_the_end_is_told_while_the_stage_may_still_be_asked():
    stages, told = [], []

    def end():
        told.append(stages[0].sandbox.now())  # raises once the sandbox has closed

    scenario, settings = load_scenario("first-contact"), Settings(speed="max")
    verdict = await play(
        scenario, settings, Config(), begin=stages.append, tell=lambda seq, entry: None, end=end
    )
    assert told == [verdict.at]


# --- each option, as a flag and as a variable ---------------------------------------


def test_to_is_where_the_delivery_goes(told, receiving):
    receiver = receiving()
    done = told(*SEND, to=receiver.url)
    assert done.code == 0
    assert len(receiver.seen) == 1
    assert receiver.url in done.out


def test_secret_signs_and_is_not_shown(told, receiving):
    receiver = receiving()
    done = told(*SEND, to=receiver.url, secret=SECRET)
    assert done.code == 0
    assert verify(receiver.seen[0], SECRET)
    with pytest.raises(stripe.SignatureVerificationError):
        verify(receiver.seen[0], "whsec_another")
    assert SECRET not in done.out + done.err
    assert "generated" not in done.err


def test_bearer_authorises_without_a_signature(told, receiving):
    receiver = receiving()
    assert told(*SEND, to=receiver.url, bearer="t0ken").code == 0
    assert receiver.seen[0]["Authorization"] == "Bearer t0ken"
    assert "x-wexio-signature" not in names(receiver.seen[0])


def test_basic_authorises_by_user_and_password(told, receiving):
    receiver = receiving()
    assert told(*SEND, to=receiver.url, basic="ann:p:w").code == 0
    assert receiver.seen[0]["Authorization"] == "Basic " + base64.b64encode(b"ann:p:w").decode()
    assert "x-wexio-signature" not in names(receiver.seen[0])


def test_no_auth_authorises_by_nothing(told, receiving):
    receiver = receiving()
    done = told(*SEND, to=receiver.url, no_auth=True)
    assert done.code == 0
    assert not {"authorization", "x-wexio-signature"} & set(names(receiver.seen[0]))
    assert "secret" not in done.err


def test_one_seed_is_one_play_and_another_is_another(told, receiving):
    receiver = receiving()
    for seed in (7, 7, 8):
        assert f"seed {seed}" in told(*SEND, to=receiver.url, seed=seed).out
    first, again, other = ((seen["X-Wexio-Event-Id"], json.loads(seen.body)) for seen in receiver.seen)
    assert first[0] == again[0] != other[0]
    assert first[1]["data"]["chat"]["firstName"] == again[1]["data"]["chat"]["firstName"]
    assert first[1]["data"]["chat"]["id"] != other[1]["data"]["chat"]["id"]
    assert first[1]["meta"]["connectionId"] == again[1]["meta"]["connectionId"]


def test_one_seed_is_one_generated_secret(told, receiving):
    receiver = receiving()
    secrets = [
        GENERATED.findall(told(*SEND, to=receiver.url, seed=seed).err.replace(" (subscriber)", ""))
        for seed in (7, 7, 8)
    ]
    assert [len(found) for found in secrets] == [1, 1, 1]
    assert secrets[0] == secrets[1] != secrets[2]
    assert verify(receiver.seen[0], secrets[0][0])


def test_without_a_seed_one_is_drawn_and_shown_and_repeats_the_play(cli):
    first = cli(*SEND, *MAX)
    [seed] = re.findall(r"^seed (\d+) ·", first.out, re.MULTILINE)
    again = cli(*SEND, *MAX, "--seed", seed)
    who = [line for line in first.out.splitlines() if line.startswith("SUCCESS")]
    assert who[0] in again.out
    assert cli(*SEND, *MAX).out.splitlines()[2] != first.out.splitlines()[2]


def test_start_is_when_the_event_happens(told, receiving):
    receiver = receiving()
    done = told(*SEND, to=receiver.url, start=START)
    assert f"start {START}" in done.out
    envelope = json.loads(receiver.seen[0].body)
    assert envelope["timestamp"] == envelope["meta"]["occurredAt"]
    assert moment(envelope["timestamp"]) - moment(START) < timedelta(seconds=20)
    signed_at = int(receiver.seen[0]["X-Wexio-Signature"].split(",")[0].removeprefix("t="))
    assert abs(wall_now().timestamp() - signed_at) < 60


def test_signature_time_sandbox_signs_with_the_sandbox_clock(told, receiving):
    receiver = receiving()
    assert told(*SEND, to=receiver.url, start=START, signature_time="sandbox", speed="max").code == 0
    seen = receiver.seen[0]
    assert seen["X-Wexio-Signature"].startswith(f"t={int(moment(START).timestamp())},v1=")
    assert moment(seen["X-Wexio-Timestamp"]) == moment(START)


@pytest.mark.parametrize(("speed", "least", "most"), [(60, 0.3, 9), ("max", 0, 9), (1000000, 0, 9)], ids=str)
def test_speed_says_how_fast_waits_pass(told, scenario, speed, least, most):
    name = scenario("name: Wait\nsteps: [{wait: 18s}, {emit: chat.created}]\n")
    done = told("run", name, speed=speed, json=True)
    assert done.code == 0
    [verdict] = done.of("verdict")
    assert least <= verdict["elapsed_ms"] / 1000 < most
    assert f"speed {speed}" in done.err


def test_the_default_speed_is_real_time(cli, scenario):
    name = scenario("name: Wait\nsteps: [{wait: 300ms}, {emit: chat.created}]\n")
    began = perf_counter()
    assert "speed 1 " in cli("run", name).out
    assert perf_counter() - began >= 0.3


SVIX = [0, 5, 300, 1800, 7200, 18000, 36000, 36000]


@pytest.mark.parametrize(
    ("preset", "gaps", "says"),
    [
        ("none", [0], "retry none: a single attempt"),
        ("wexio", [0, 5, 10, 20, 40], "retry wexio (assumed numbers): 5 attempts"),
        ("svix", SVIX, "retry svix (published numbers): 8 attempts"),
    ],
    ids=["none", "wexio", "svix"],
)
def test_retry_names_the_ladder(told, receiving, preset, gaps, says):
    receiver = receiving(lambda seen: 500)
    done = told(*SEND, to=receiver.url, retry=preset, speed="max", json=True)
    assert done.code == 1
    assert [int(seen["X-Wexio-Attempt"]) for seen in receiver.seen] == list(range(1, len(gaps) + 1))
    times = [moment(entry["started_at"]) for entry in done.of("attempted")]
    passed = [0.0] + [(later - sooner).total_seconds() for sooner, later in itertools.pairwise(times)]
    assert passed == pytest.approx(gaps, abs=0.01)
    assert done.of("settled")[0]["status"] == "DEAD_LETTER"
    assert says in done.err


def test_attempt_timeout_ends_an_attempt(told, receiving):
    receiver = receiving(lambda seen: SILENCE)
    began = perf_counter()
    done = told(*SEND, to=receiver.url, retry="none", attempt_timeout="200ms", json=True)
    assert perf_counter() - began < 5
    [entry] = done.of("attempted")
    assert entry["error"]["type"] == "timeout"
    assert entry["elapsed_ms"] >= 190
    assert "at most 200ms each" in done.err


def test_max_wait_ends_the_run_and_says_what_was_pending(told, receiving):
    receiver = receiving(lambda seen: 500)
    began = perf_counter()
    done = told(*SEND, to=receiver.url, max_wait="400ms", seed=7)
    assert perf_counter() - began < 4
    assert done.code == 1
    [said] = [line for line in done.out.splitlines() if "--max-wait" in line]
    assert said.startswith("✗ the whole run within 400ms")
    assert receiver.seen[0]["X-Wexio-Event-Id"] in said
    assert "1 made, next attempt at" in said
    assert done.out.splitlines()[-2].startswith("FAILED 1 delivery · 1 attempt")


def test_max_wait_is_for_all_scenarios_together(cli, scenario):
    name = scenario("name: Wait\nsteps: [{emit: chat.created}, {wait: 1m}]\n")
    began = perf_counter()
    done = cli("run", name, name, "--max-wait", "300ms", "--json")
    assert perf_counter() - began < 4
    assert done.code == 1
    assert [verdict["passed"] for verdict in done.of("verdict")] == [False, False]


def test_max_wait_that_suffices_changes_nothing(told):
    done = told(*SEND, max_wait="1m", json=True)
    assert done.code == 0
    assert "max-wait" not in done.out + done.err


def test_json_is_one_object_a_line_and_nothing_else(told):
    done = told(*SEND, json=True)
    assert [entry["kind"] for entry in done.json] == [
        "emitted",
        "attempting",
        "attempted",
        "settled",
        "verdict",
    ]
    assert "PASSED" in done.err


def test_junit_is_written_beside_everything_else(told, folder):
    done = told("run", "first-contact-viber", speed="max", junit="report.xml")
    assert done.code == 0
    assert "PASSED" in done.out
    [suite] = junitparser.JUnitXml.fromfile(str(folder / "report.xml"))
    assert suite.tests == len(list(suite)) > 0
    assert suite.failures == suite.errors == 0


def test_config_names_the_configuration_file(told, receiving, folder):
    (folder / "other.yaml").write_text("profile: {request: {user_agent: Other/1}}\n")
    (folder / "wexio-sandbox.yaml").write_text("profile: {request: {user_agent: This/1}}\n")
    receiver = receiving()
    assert told(*SEND, to=receiver.url, config="other.yaml").code == 0
    assert receiver.seen[0]["User-Agent"] == "Other/1"


# --- the configuration file ---------------------------------------------------------


def test_the_configuration_file_of_this_folder_is_read(cli, receiving, folder):
    receiver = receiving(lambda seen: 500)
    (folder / "wexio-sandbox.yaml").write_text(
        f"profile:\n  request: {{user_agent: Mine/2}}\nretry: none\n{connections_to(receiver)}"
    )
    done = cli("run", "first-contact-viber", "--json")
    # The scenario has a policy of its own, which goes before the file's.
    assert done.code == 1
    assert receiver.seen[0]["User-Agent"] == "Mine/2"
    assert verify(receiver.seen[0], SECRET)

    receiver.seen.clear()
    assert cli(*SEND).code == 1
    assert len(receiver.seen) == 1


def test_a_configuration_file_with_mistakes_is_told_with_its_places(cli, folder):
    (folder / "wexio-sandbox.yaml").write_text("retry: wexoi\nprofil: {}\n")
    done = cli(*SEND)
    assert done.code == 2
    assert done.out == ""
    assert "wexio-sandbox.yaml:1:8: " in done.err
    assert "wexio-sandbox.yaml:2:1: " in done.err


def test_a_configuration_file_that_is_not_there_is_wrong_usage(cli):
    done = cli(*SEND, "--config", "gone.yaml")
    assert (done.code, done.out) == (2, "")
    assert "gone.yaml" in done.err
    assert len(done.err.splitlines()) == 1


# --- who beats whom -----------------------------------------------------------------


def test_a_flag_beats_its_variable_and_that_the_scenario(cli, scenario):
    name = scenario(ONE)
    assert "seed 3 " in cli("run", name, *MAX, "--seed", "3", env={"seed": 2}).out
    assert "seed 2 " in cli("run", name, *MAX, env={"seed": 2}).out
    assert "seed 11 " in cli("run", name, *MAX).out


def test_a_flag_of_another_kind_beats_the_variable_that_authorises(cli, receiving):
    receiver = receiving()
    assert cli(*SEND, "--to", receiver.url, "--bearer", "t0ken", env={"secret": SECRET}).code == 0
    assert receiver.seen[0]["Authorization"] == "Bearer t0ken"
    assert "x-wexio-signature" not in names(receiver.seen[0])


def test_a_time_of_the_scenario_gives_way_to_a_flag(cli, scenario, receiving):
    receiver = receiving()
    name = scenario(ONE + "start: 2020-01-01T00:00:00Z\nsignature_time: sandbox\n")
    assert cli("run", name, "--to", receiver.url, *MAX).code == 0
    assert cli("run", name, "--to", receiver.url, *MAX, "--start", START).code == 0
    assert cli("run", name, "--to", receiver.url, *MAX, "--signature-time", "wall").code == 0
    signed = [int(seen["X-Wexio-Signature"].split(",")[0][2:]) for seen in receiver.seen]
    assert signed[0] == moment("2020-01-01T00:00:00Z").timestamp()
    assert signed[1] == moment(START).timestamp()
    assert abs(signed[2] - wall_now().timestamp()) < 60


@pytest.mark.parametrize(
    ("flag", "of_connection", "of_scenario", "of_file", "attempts"),
    [
        (("--retry", "svix"), ", retry: none", "retry: {attempts: 2, delays: [1s]}\n", "retry: none\n", 8),
        ((), ", retry: none", "retry: {attempts: 2, delays: [1s]}\n", "retry: svix\n", 1),
        ((), "", "retry: {attempts: 2, delays: [1s]}\n", "retry: svix\n", 2),
        ((), "", "", "retry: svix\n", 8),
        ((), "", "", "profile: {delivery: {attempts: 3, delays: [1s, 1s]}}\n", 3),
        ((), "", "", "", 5),
    ],
    ids=["flag", "connection", "scenario", "file", "profile", "default"],
)
def test_the_nearest_retry_policy_counts(
    cli, scenario, receiving, folder, flag, of_connection, of_scenario, of_file, attempts
):
    receiver = receiving(lambda seen: 500)
    (folder / "wexio-sandbox.yaml").write_text(of_file)
    name = scenario(ONE + of_scenario + connections_to(receiver, more=of_connection))
    assert cli("run", name, *MAX, *flag).code == 1
    assert len(receiver.seen) == attempts


def test_the_nearest_target_counts(cli, scenario, receiving, folder):
    by_flag, of_scenario, of_another, of_file = (receiving() for _ in range(4))
    with_targets = scenario(ONE + connections_to(of_scenario, of_another))
    without = scenario(ONE, "without.yaml")
    (folder / "wexio-sandbox.yaml").write_text(connections_to(of_file))

    def counts():
        return [len(one.seen) for one in (by_flag, of_scenario, of_another, of_file)]

    assert cli("run", with_targets, "--to", by_flag.url).code == 0
    assert counts() == [1, 0, 0, 0]
    assert cli("run", with_targets).code == 0
    assert counts() == [1, 1, 1, 0]
    assert cli("run", without).code == 0
    assert counts() == [1, 1, 1, 1]
    (folder / "wexio-sandbox.yaml").unlink()
    assert "built-in subscriber" in cli("run", without).out
    assert counts() == [1, 1, 1, 1]


def test_several_connections_are_told_apart(cli, scenario, receiving):
    good, bad = receiving(), receiving(lambda seen: 410)
    done = cli("run", scenario(ONE + connections_to(good, bad)), *MAX)
    assert done.code == 1
    rows = [line.split() for line in done.out.splitlines() if "chat.created" in line]
    assert [(row[0], row[3]) for row in rows] == [("SUCCESS", "c0"), ("FAILED", "c1")]
    assert good.url in done.out
    assert bad.url in done.out


def test_variables_are_expanded_in_a_scenario(cli, scenario, receiving):
    receiver = receiving()
    name = scenario(
        ONE + "connections:\n  - {name: crm, url: '${HOOK}', auth: {type: NONE}, events: [chat.created]}\n"
    )
    assert cli("run", name, env={"HOOK": receiver.url}).code == 0
    assert len(receiver.seen) == 1
    done = cli("run", name)
    assert (done.code, done.out) == (2, "")
    assert f"{name}:8:22: " in done.err
    assert "HOOK" in done.err


# --- wrong words --------------------------------------------------------------------

WRONG = {
    "to": "localhost:3000",
    "secret": "",
    "bearer": "a\nb",
    "basic": "ann",
    "seed": "x",
    "start": "noon",
    "signature_time": "walls",
    "speed": "0",
    "retry": "swix",
    "attempt_timeout": "10",
    "max_wait": "0s",
}


@pytest.mark.parametrize("option", WRONG)
def test_a_wrong_flag_is_named_in_one_line(cli, option):
    flag = "--" + option.replace("_", "-")
    done = cli(*SEND, flag, WRONG[option])
    assert (done.code, done.out) == (2, "")
    [line] = done.err.splitlines()
    assert line.startswith(f"error: {flag}: ")


@pytest.mark.parametrize("option", [*sorted(set(WRONG) - {"secret"}), "json"])
def test_a_wrong_variable_is_named_in_one_line(cli, option):
    done = cli(*SEND, env={option: WRONG.get(option, "perhaps")})
    assert (done.code, done.out) == (2, "")
    [line] = done.err.splitlines()
    assert line.startswith(f"error: WEXIO_SANDBOX_{option.upper()}: ")


def test_two_ways_to_authorise_exclude_each_other(cli):
    done = cli(*SEND, "--secret", SECRET, "--no-auth")
    assert done.code == 2
    assert "--secret and --no-auth exclude each other" in done.err
    assert SECRET not in done.err


# --- exit codes ---------------------------------------------------------------------


def test_everything_held_is_0(cli):
    done = cli("run", "first-contact", *MAX)
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("PASSED 4 deliveries")


def test_a_dead_letter_that_is_expected_is_0(cli):
    done = cli("run", "dead-letter", *MAX)
    assert done.code == 0
    assert "DEAD_LETTER" in done.out


def test_a_dead_letter_that_is_not_expected_is_1(cli, receiving):
    done = cli(*SEND, *MAX, "--to", receiving(lambda seen: 500).url)
    assert done.code == 1
    assert "✗ every delivery SUCCESS" in done.out
    assert re.search(r"^FAILED 1 delivery · 5 attempts", done.out, re.MULTILINE)
    assert re.search(r"^the same again: --seed \d+$", done.out, re.MULTILINE)


def test_an_expectation_that_does_not_hold_is_1_and_says_what_was(cli, scenario):
    done = cli("run", scenario(ONE + "  - settle: 1m\n  - expect: {status: SUCCESS, deliveries: 2}\n"), *MAX)
    assert done.code == 1
    assert re.search(r"^✗ 2 deliveries SUCCESS — .*1 SUCCESS", done.out, re.MULTILINE)


def test_nobody_at_the_address_is_1(cli, receiving):
    receiver = receiving()
    gone = f"http://127.0.0.1:{receiver.port}/hook"
    receiver.server.get_loop().call_soon_threadsafe(receiver.server.close)
    done = cli(*SEND, *MAX, "--to", gone, "--retry", "none", "--json", "--attempt-timeout", "5s")
    assert done.code == 1
    assert done.of("attempted")[0]["error"]["type"] in ("connect", "reset")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run",),
        ("run", "no-such-scenario"),
        ("run", "."),
        ("run", "gone.yaml"),
        ("send",),
        ("send", "x", "y"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(cli, arguments):
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")


def test_a_scenario_with_mistakes_is_2_and_every_mistake_is_told(cli, scenario):
    name = scenario("name: Wrong\nsteps:\n  - emit: chat.created\n    chanel: VIBER\n  - wait: 5\n")
    done = cli("run", "first-contact", name, *MAX)
    assert (done.code, done.out) == (2, "")
    assert f"{name}:4:5: " in done.err
    assert "channel" in done.err
    assert f"{name}:5:11: " in done.err
    assert "^" in done.err


@pytest.mark.parametrize("path", ["gone/report.xml", "."])
def test_a_report_that_cannot_be_written_is_3_before_anything_is_sent(cli, receiving, path):
    receiver = receiving()
    done = cli(*SEND, "--to", receiver.url, "--junit", path)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"error: --junit: {path} cannot be written")
    assert receiver.seen == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no /proc")
def test_a_report_that_turns_out_not_to_be_writable_is_3(cli):
    done = cli(*SEND, *MAX, "--junit", "/proc/report.xml")
    assert done.code == 3
    assert "error: --junit: /proc/report.xml cannot be written: " in done.err


def test_a_report_in_a_folder_that_is_not_ours_is_3_before_anything_is_sent(cli, receiving, folder):
    receiver = receiving()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("root may write everywhere")
    done = cli(*SEND, "--to", receiver.url, "--junit", "report.xml")
    assert (done.code, done.out) == (3, "")
    assert done.err == "error: --junit: report.xml cannot be written: not allowed\n"
    assert receiver.seen == []


# --- several scenarios --------------------------------------------------------------


def test_several_scenarios_are_played_one_after_the_other(cli):
    done = cli("run", "first-contact-viber", "dead-letter", *MAX)
    assert done.code == 0
    assert len(re.findall(r"^PASSED \d+ deliver", done.out, re.MULTILINE)) == 2
    assert done.out.splitlines()[-1].startswith("PASSED 2 scenarios")


def test_one_that_fails_does_not_stop_the_others_and_fails_the_whole(cli, scenario, folder):
    wrong = scenario(ONE + "  - settle: 1m\n  - expect: {status: SUCCESS, deliveries: 2}\n")
    done = cli("run", wrong, "no-contact", *MAX, "--junit", "report.xml")
    assert done.code == 1
    assert done.out.splitlines()[-1].startswith("FAILED 1 of 2 scenarios failed")
    suites = list(junitparser.JUnitXml.fromfile(str(folder / "report.xml")))
    assert next(suite.name for suite in suites) == "One chat"
    assert [suite.failures for suite in suites] == [1, 0]
    [failed] = [case for case in suites[0] if case.result]
    assert isinstance(failed.result[0], junitparser.Failure)
    assert "1 SUCCESS" in failed.result[0].message


def test_the_lines_of_several_scenarios_are_numbered_through(cli, scenario):
    name = scenario(ONE)
    done = cli("run", name, name, "--json")
    assert [entry["seq"] for entry in done.json] == list(range(1, 11))
    assert [entry["kind"] for entry in done.json].count("verdict") == 2
    assert done.json[-1]["kind"] == "verdict"


# --- what is printed ----------------------------------------------------------------

HEAD = {"seq", "kind", "at", "run_id"}
ATTEMPT = {"delivery_id", "event_id", "connection_id", "attempt"}
FIELDS = {
    "emitted": {"event_id", "event", "channel", "data"},
    "attempting": ATTEMPT,
    "attempted": ATTEMPT
    | {"url", "request", "response", "started_at", "elapsed_ms", "timing", "next_attempt_at"},
    "settled": {"delivery_id", "event_id", "connection_id", "status", "attempt_count"},
    "verdict": {"passed", "expectations", "deliveries", "seed", "elapsed_ms"},
}


def test_each_json_line_has_the_fields_that_are_promised(cli):
    done = cli("run", "first-contact", *MAX, "--json")
    assert done.code == 0
    assert {entry["kind"] for entry in done.json} == set(FIELDS)
    assert [entry["seq"] for entry in done.json] == list(range(1, len(done.json) + 1))
    for entry in done.json:
        assert set(entry) >= HEAD | FIELDS[entry["kind"]], entry
    assert len({entry["run_id"] for entry in done.json}) == 1
    *_, verdict = done.json
    assert (verdict["kind"], verdict["passed"], verdict["deliveries"]) == ("verdict", True, {"SUCCESS": 4})
    assert all(set(item) == {"text", "passed", "actual"} for item in verdict["expectations"])
    waits = [entry["next_attempt_at"] for entry in done.of("attempted")]
    assert waits.count(None) == 4
    assert len(waits) == 7


def test_json_shows_the_request_as_it_was_on_the_wire(cli, receiving):
    receiver = receiving()
    done = cli(*SEND, "--to", receiver.url, "--secret", SECRET, "--json")
    [seen], [entry] = receiver.seen, done.of("attempted")
    sent = entry["request"]
    wire = [[name, value] for name, value in seen.headers if name.lower() not in ("host", "content-length")]
    shown = [pair for pair in sent["headers"] if pair[0].lower() not in ("host", "content-length")]
    assert [pair for pair in wire if pair in shown] == shown
    assert sent["body"].encode() == seen.body
    assert entry["response"]["status"] == 200
    assert entry["response"]["headers"] == [["Content-Length", "0"]]


def test_a_body_that_is_no_text_is_shown_as_base64(cli, receiving):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n\xff\xfe"
    done = cli(*SEND, "--to", receiving(lambda seen: answer).url, "--json")
    response = done.of("attempted")[0]["response"]
    assert base64.b64decode(response["body_base64"]) == b"\xff\xfe"
    assert "body" not in response


@pytest.mark.parametrize(
    ("auth", "secrets"),
    [
        (("--secret", SECRET), [SECRET]),
        (("--bearer", "t0ken-of-mine"), ["t0ken-of-mine"]),
        (("--basic", "ann:passw0rd"), ["passw0rd", base64.b64encode(b"ann:passw0rd").decode()]),
    ],
    ids=["secret", "bearer", "basic"],
)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_no_secret_is_shown(cli, receiving, folder, auth, secrets, form):
    url = receiving(lambda seen: 401).url + "?token=s3cret-token"
    done = cli(*SEND, "--to", url, *auth, *form, *MAX, "--junit", "report.xml", "--retry", "none")
    assert done.code == 1
    everything = done.out + done.err + (folder / "report.xml").read_text()
    for secret in [*secrets, "s3cret-token"]:
        assert secret not in everything
    if form and auth[0] != "--secret":
        headers = dict(done.of("attempted")[0]["request"]["headers"])
        assert headers["Authorization"].endswith(" ***")
    if form and auth[0] == "--secret":
        assert "v1=" in dict(done.of("attempted")[0]["request"]["headers"])["X-Wexio-Signature"]


def test_results_go_to_stdout_and_progress_to_stderr(cli, scenario):
    name = scenario(ONE.replace("channel: VIBER", "channel: VIBER\n    note: Here somebody writes."))
    done = cli("run", name)
    assert done.out.startswith("One chat\n→ the built-in subscriber at http://127.0.0.1:")
    assert "PASSED 1 delivery · 1 attempt" in done.out
    assert "verified 1 signature, and all held" in done.out
    assert "attempt 1: 200" not in done.out
    assert "attempt 1: 200" in done.err
    assert "» Here somebody writes." in done.err
    assert "PASSED" not in done.err


def test_a_generated_secret_is_on_stderr_only_and_signs(cli, receiving):
    receiver = receiving()
    done = cli(*SEND, "--to", receiver.url)
    [secret] = GENERATED.findall(done.err)
    assert verify(receiver.seen[0], secret)
    assert secret not in done.out


def test_up_to_fifty_deliveries_are_listed_singly(cli):
    done = cli(*SEND, "--count", "50", *MAX)
    assert len([line for line in done.out.splitlines() if line.startswith("SUCCESS")]) == 50
    assert "in all" not in done.out


def test_more_than_fifty_are_counted_by_channel_and_state(cli):
    done = cli(*SEND, "--count", "51", *MAX)
    assert done.code == 0
    rows = [line.split() for line in done.out.splitlines()]
    assert ["channel", "SUCCESS"] in rows
    assert ["in", "all", "51"] in rows
    by_channel = [
        int(row[1]) for row in rows if row and row[0] in ("WHATSAPP", "TELEGRAM", "VIBER", "INSTAGRAM")
    ]
    assert sum(by_channel) == 51
    assert not any(line.startswith("SUCCESS") for line in done.out.splitlines())


def test_the_failed_ones_of_many_are_listed(cli, receiving):
    def decide(seen):
        return 410 if json.loads(seen.body)["data"]["chat"]["channel"] == "VIBER" else 200

    done = cli(*SEND, "--count", "60", "--to", receiving(decide).url, *MAX, "--seed", "5")
    assert done.code == 1
    rows = [line.split() for line in done.out.splitlines()]
    [head] = [row for row in rows if row[:1] == ["channel"]]
    assert set(head[1:]) == {"SUCCESS", "FAILED"}
    failed = [line for line in done.out.splitlines() if line.startswith("FAILED  ")]
    [counted] = [row for row in rows if row[:1] == ["VIBER"]]
    assert len(failed) == int(counted[head.index("FAILED")]) > 0
    assert all("VIBER" in line and "410" in line for line in failed)


def test_of_very_many_failures_the_first_fifty_are_listed(cli, receiving):
    done = cli(*SEND, "--count", "60", "--to", receiving(lambda seen: 410).url, *MAX)
    assert len([line for line in done.out.splitlines() if line.startswith("FAILED  ")]) == 50
    assert "and 10 more without success" in done.out


def test_nothing_is_cut_or_wrapped_where_it_is_no_terminal(cli, scenario):
    long = "Anna" * 100
    done = cli("run", scenario(ONE + f"    contact: her\ncontacts: {{her: {{firstName: {long}}}}}\n"), *MAX)
    assert done.code == 0
    [row] = [line for line in done.out.splitlines() if line.startswith("SUCCESS")]
    assert long in row
    assert row.endswith("200 +0s")
    assert "\x1b" not in done.out + done.err


HOSTILE = '\x1b[2J\x9b2J\r\n::error::owned\n[/b][red]\u202e"'


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("server", ["wexio-sandbox", "\x9b2J ::error [/b]"], ids=["as ours", "stranger"])
def test_a_hostile_answer_is_not_obeyed(cli, receiving, folder, form, server):
    body = HOSTILE.encode()
    head = f"HTTP/1.1 401 ::error [/b]\r\nServer: {server}\r\nX-Odd: [/b] ::warning\r\n"
    answer = (
        head.encode("latin-1") + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
    )
    done = cli(
        *SEND, "--to", receiving(lambda seen: answer).url, "--retry", "none", "--junit", "report.xml",
        *(["--json"] if form == "json" else []),
    )  # fmt: skip
    assert done.code == 1
    for text in (done.out, done.err):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
        assert not re.search("^::", text, re.MULTILINE)
    if form == "json":
        assert done.of("attempted")[0]["response"]["body"] == HOSTILE
    elif server == "wexio-sandbox":
        assert "[/b][red]" in done.out  # shown as it is, since it is no markup
    assert list(junitparser.JUnitXml.fromfile(str(folder / "report.xml")))


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("hostile", [HOSTILE, "::error::owned ##[error]owned"], ids=["terminal", "CI"])
def test_a_hostile_name_is_not_obeyed(cli, scenario, folder, hostile, form):
    name = scenario(
        json.dumps(
            {
                "name": hostile,
                "contacts": {"her": {"firstName": hostile}},
                "steps": [{"emit": "chat.created", "contact": "her", "channel": "TELEGRAM", "note": hostile}],
            }
        )
    )
    done = cli("run", name, *MAX, "--junit", "report.xml", *(["--json"] if form == "json" else []))
    assert done.code == 0, done.err
    for text in (done.out, done.err):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
        assert not re.search("^ *::|##\\[", text, re.MULTILINE)
    if form == "json":
        assert done.of("emitted")[0]["data"]["contact"]["firstName"] == hostile
    assert list(junitparser.JUnitXml.fromfile(str(folder / "report.xml")))


def test_a_refusal_of_a_signed_request_gets_a_hint(cli, receiving):
    done = cli(*SEND, *MAX, "--to", receiving(lambda seen: 401).url, "--secret", SECRET)
    [hint, *causes] = done.out.partition("hint: ")[2].split("\n\n")[0].splitlines()
    assert hint == (
        "401 to a signed request; the signature sent holds for the bytes sent and this connection's secret"
    )
    assert causes[0].startswith("  likely: the subscriber has another secret, or checks other bytes")
    assert "`wexio-sandbox verify`" in causes[1]
    done = cli(*SEND, *MAX, "--to", receiving(lambda seen: 500).url, "--secret", SECRET)
    assert "hint" not in done.out
    done = cli(*SEND, *MAX, "--to", receiving(lambda seen: 401).url, "--no-auth")
    assert "hint" not in done.out


def test_each_status_of_refusal_is_explained_once(cli, receiving):
    receiver = receiving(lambda seen: [404, 404, 415, 500][min(int(seen["X-Wexio-Attempt"]), 4) - 1])
    done = cli(*SEND, *MAX, "--to", receiver.url, "--secret", SECRET)
    assert re.findall(r"^hint: (\d+)", done.out, re.MULTILINE) == ["404", "415"]
    assert "let the route take application/json" in done.out


def test_a_refusal_of_the_sandbox_s_own_time_says_that_it_is_old_on_a_real_clock(cli, receiving):
    url = receiving(lambda seen: 400).url
    old = ("--start", "2026-04-24T14:02:10Z")
    done = cli(*SEND, *MAX, *old, "--to", url, "--secret", SECRET, "--signature-time", "sandbox")
    assert "  likely: on a real clock the timestamp is " in done.out
    assert "do: sign with --signature-time wall" in done.out
    done = cli(*SEND, *MAX, *old, "--to", url, "--secret", SECRET)
    assert "on a real clock" not in done.out


def test_an_address_where_nobody_answers_gets_a_hint(cli):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        port = nobody.getsockname()[1]
        done = cli(*SEND, *MAX, "--retry", "none", "--to", f"http://127.0.0.1:{port}/?token=hush")
    assert done.code == 1
    assert (
        f"hint: no connection to 127.0.0.1:{port}: Connection refused. Is the subscriber running" in done.out
    )
    assert "hush" not in done.out + done.err


def test_an_answer_that_takes_too_long_gets_a_hint_only_if_it_mattered(cli, receiving):
    again = ("--attempt-timeout", "100ms", *MAX, "--to")
    slow = receiving(lambda seen: SILENCE)
    assert "hint: no complete answer within 100ms. Answer first" in cli(*SEND, *again, slow.url).out
    once = receiving(lambda seen: SILENCE if seen["X-Wexio-Attempt"] == "1" else 200)
    done = cli(*SEND, *again, once.url)
    assert done.code == 0
    assert "hint" not in done.out


def test_what_is_odd_with_a_scenario_is_told_and_it_is_played_all_the_same(cli, scenario):
    name = scenario(
        "name: Twice\ncontacts: {her: {}}\nsteps:\n"
        + "  - {emit: chat.created, contact: her, channel: VIBER}\n" * 2
    )
    done = cli("run", name, *MAX)
    assert done.code == 0
    assert done.err.startswith("play.yaml:5:35: warning: her has had a first contact on VIBER already")
    assert "PASSED 2 deliveries" in done.out


# --- send ---------------------------------------------------------------------------


def sent(receiver):
    return json.loads(receiver.seen[-1].body)["data"]


@pytest.mark.parametrize(
    ("assignment", "path", "value"),
    [
        ("chat.firstName=Zoë", ("chat", "firstName"), "Zoë"),
        ("chat.firstName=", ("chat", "firstName"), ""),
        ("chat.firstName=a=b", ("chat", "firstName"), "a=b"),
        ('chat.firstName="7"', ("chat", "firstName"), "7"),
        ("contact.score=7", ("contact", "score"), 7),
        ("contact.rate=0.5", ("contact", "rate"), 0.5),
        ("contact.vip=true", ("contact", "vip"), True),
        ('contact.tags=["vip", "new"]', ("contact", "tags"), ["vip", "new"]),
        ('contact.address={"city": "Lviv"}', ("contact", "address"), {"city": "Lviv"}),
        ("contact.custom.deep.er=x", ("contact", "custom", "deep", "er"), "x"),
        ("contact.big=1e999", ("contact", "big"), "1e999"),
        ("contact.nan=NaN", ("contact", "nan"), "NaN"),
        ("contact.note={not json", ("contact", "note"), "{not json"),
    ],
)
def test_set_lays_a_value_over_the_data(cli, receiving, assignment, path, value):
    receiver = receiving()
    done = cli(*SEND, "--to", receiver.url, "--set", assignment)
    assert done.code == 0, done.err
    found = sent(receiver)
    for part in path:
        found = found[part]
    assert found == value
    assert type(found) is type(value)


def test_set_null_removes_a_field(cli, receiving):
    receiver = receiving()
    assert cli(*SEND, "--to", receiver.url, "--set", "contact.lastName=null", "--seed", "1").code == 0
    assert "lastName" not in sent(receiver)["contact"]
    assert cli(*SEND, "--to", receiver.url, "--set", "contact=null").code == 0
    assert set(sent(receiver)) == {"chat"}
    assert cli(*SEND, "--to", receiver.url, "--set", "chat.archivedAt=null").code == 0
    assert sent(receiver)["chat"]["archivedAt"] is None


def test_set_can_be_repeated(cli, receiving):
    receiver = receiving()
    both = ("--set", "chat.firstName=Zoë", "--set", "contact.firstName=Zoé")
    assert cli(*SEND, "--to", receiver.url, *both).code == 0
    assert (sent(receiver)["chat"]["firstName"], sent(receiver)["contact"]["firstName"]) == ("Zoë", "Zoé")


@pytest.mark.parametrize(
    ("assignments", "says"),
    [
        (["chat.firstName"], "write PATH=VALUE"),
        (["=x"], "is no path"),
        (["chat..x=1"], "is no path"),
        (["chat.first name=1"], "is no path"),
        (["data.chat.firstName=x"], "paths begin inside data; write chat.firstName=…"),
        (["contact.tags=x", "contact.tags.y=1"], "contact.tags has been set to a value that holds no y"),
    ],
    ids=["no value", "no path", "empty part", "space", "data", "below a value"],
)
def test_a_path_that_cannot_be_set_is_told(cli, assignments, says):
    done = cli(*SEND, *(item for one in assignments for item in ("--set", one)))
    assert (done.code, done.out) == (2, "")
    [line] = done.err.splitlines()
    assert line.startswith(f"error: --set {assignments[-1]}: ")
    assert says in line


@pytest.mark.parametrize(
    ("assignment", "options", "says"),
    [
        ("chat=1", (), "--set chat: chat must be a mapping"),
        ("chat.id=null", (), "--set chat.id: chat.id is always there"),
        (r'chat.firstName="\ud800"', (), "--set chat.firstName: U+D800 is half a character"),
        ("contact.email=x@example.com", ("--contact", "none"), "--contact none leaves data.contact out"),
    ],
    ids=["no mapping", "always there", "no character", "no contact"],
)
def test_data_that_cannot_be_sent_is_told_before_anything_begins(cli, assignment, options, says):
    done = cli(*SEND, *MAX, "--set", assignment, *options)
    assert (done.code, done.out) == (2, "")
    [line] = done.err.splitlines()
    assert line.startswith(f"error: {says}")


def test_a_field_that_is_probably_misspelt_is_sent_and_told(cli, receiving):
    receiver = receiving()
    done = cli(*SEND, "--to", receiver.url, "--set", "chat.firstNam=Zoë", "--set", "chat.ours=1")
    assert done.code == 0
    assert sent(receiver)["chat"]["firstNam"] == "Zoë"
    [warning] = [line for line in done.err.splitlines() if line.startswith("warning")]
    assert "--set chat.firstNam: " in warning
    assert "did you mean firstName?" in warning


def test_count_emits_so_many(cli, receiving):
    receiver = receiving()
    done = cli(*SEND, "--to", receiver.url, "--count", "7", *MAX)
    assert done.code == 0
    assert len({seen["X-Wexio-Event-Id"] for seen in receiver.seen}) == len(receiver.seen) == 7
    assert "7 deliveries · 7 attempts" in done.out


@pytest.mark.parametrize("count", ["0", "-1", "x", "1.5", "1000001", ""])
def test_a_count_that_is_none_is_told(cli, count):
    done = cli(*SEND, "--count", count)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: --count: ")


@pytest.mark.parametrize("channel", ["VIBER", "viber", "Viber"])
def test_a_channel_is_taken_in_any_case(cli, receiving, channel):
    receiver = receiving()
    assert cli(*SEND, "--to", receiver.url, "--channel", channel).code == 0
    assert sent(receiver)["chat"]["channel"] == "VIBER"


def test_an_unknown_channel_gets_a_suggestion(cli):
    done = cli(*SEND, "--channel", "whatsap")
    assert done.code == 2
    assert "'whatsap' is none of" in done.err
    assert "did you mean WHATSAPP?" in done.err


def test_contact_none_is_a_chat_without_a_contact(cli, receiving):
    receiver = receiving()
    assert cli(*SEND, "--to", receiver.url, "--contact", "none").code == 0
    assert set(sent(receiver)) == {"chat"}
    done = cli(*SEND, "--contact", "alex")
    assert (done.code, done.out) == (2, "")
    assert "'alex' is nobody known here" in done.err


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ("message.inbound.created", "message.inbound.created is documented, not yet built"),
        ("flow.lead", "flow.lead is documented, not yet built"),
        ("chat.craeted", "did you mean chat.created?"),
        ("CHAT.CREATED", "did you mean chat.created?"),
        ("nonsense", "Wexio documents no event called 'nonsense'; what can be sent: chat.created"),
        ("\x1b[2J", "documents no event called"),
    ],
)
def test_another_event_is_refused_with_what_is_right(cli, event, says):
    done = cli("send", event)
    assert (done.code, done.out) == (2, "")
    [line] = done.err.splitlines()
    assert says in line
    assert "\x1b" not in line


# --- as a process -------------------------------------------------------------------


def test_a_pipe_that_is_closed_early_ends_the_run_without_a_complaint(folder):
    program = [sys.executable, "-m", "sandbox", "run", "busy-morning", "--speed", "max", "--json"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith(b'{"seq":1,')
        running.stdout.close()
        complaints = running.stderr.read().decode()
        code = running.wait(20)
    assert code == 141
    assert "Traceback" not in complaints
    assert "Error" not in complaints


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


@FULL
@pytest.mark.parametrize(
    "arguments",
    [("run", "first-contact"), (*SEND, "--json"), ("listen", "--port", "0"), ("schema",), ("--version",)],
    ids=" ".join,
)
def test_a_full_disk_is_3_and_told_in_one_line(folder, arguments):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=20, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "error: could not go on: No space left on device"
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there, a stream cannot be closed this way")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_from_the_beginning_is_done_without(folder, closed):
    command = f"exec '{sys.executable}' -m sandbox run first-contact --speed max --junit report.xml {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert ("PASSED" in done.stdout) is (">&-" not in closed.replace("2>&-", ""))
    assert len(list(*junitparser.JUnitXml.fromfile(str(folder / "report.xml")))) == 2


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_a_stream_that_takes_ascii_only_gets_ascii(process, form):
    done = process("run", "first-contact", *MAX, *form, env={"PYTHONIOENCODING": "ascii"})
    assert done.code == 0, done.err
    assert (done.out + done.err).isascii()
    if form:
        names = {entry["who"] for entry in done.of("emitted")}
        assert "Олена Коваленко" in names
    else:
        assert "PASSED 4 deliveries - 7 attempts" in done.out
        assert "-> the built-in subscriber" in done.out


def test_two_processes_of_one_seed_print_the_same(process, receiving):
    receiver = receiving()
    fixed = (
        "--to",
        receiver.url,
        "--seed",
        "9",
        "--start",
        START,
        "--signature-time",
        "sandbox",
        *MAX,
        "--json",
    )
    first, again = (process("run", "proactive-chat", *fixed).json for _ in range(2))
    for entry in [*first, *again]:
        entry.pop("elapsed_ms", None)
        entry.pop("timing", None)
        entry.pop("seq")  # attempts due at one instant may interleave
    assert sorted(map(json.dumps, first)) == sorted(map(json.dumps, again))
    assert len(first) > 5
