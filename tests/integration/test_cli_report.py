"""`--report`: the page is written however the run ends, and told about when it cannot be."""

import json
import os
import shlex
import signal
import subprocess
import sys
from html import unescape

import html5lib
import junitparser
import pytest

from tests.integration.conftest import PATIENCE

SEND = ("send", "chat.created")
MAX = ("--speed", "max")


def read(path):
    """The page's text as a strict parser reads it."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    document = parser.parse(path.read_bytes())
    return " ".join("".join(document.itertext()).split())


def command_in(path):
    """The command that the page says would play the same again."""
    source = path.read_text()
    [said] = [part.partition("</bdi>")[0] for part in source.split('<pre class="command"')[1:]]
    return unescape(said.rpartition("<bdi>")[2])


def test_a_report_is_written_beside_everything_else(told, folder):
    done = told("run", "first-contact", speed="max", report="report.html")
    assert done.code == 0
    assert "PASSED" in done.out
    said = read(folder / "report.html")
    for expected in ("Passed", "First contact on every channel", "Олена Коваленко", "503", "seed42"):
        assert expected in said


def test_the_report_of_a_failed_run_says_so(cli, receiving, folder):
    to = receiving(lambda seen: 401).url
    done = cli(*SEND, *MAX, "--to", to, "--secret", "whsec_of-the-tests", "--report", "report.html")
    assert done.code == 1
    said = read(folder / "report.html")
    assert "Did not hold: every delivery SUCCESS" in said
    assert "The signature sent holds for the bytes sent and this connection's secret." in said
    assert "Likely: the subscriber has another secret" in said


def test_what_the_built_in_subscriber_answers_by_its_script_is_no_riddle(cli, scenario, folder):
    name = scenario("name: X\nsubscriber: {respond: [401, 200]}\nsteps: [{emit: chat.created}]\n")
    assert cli("run", name, *MAX, "--report", "report.html").code == 0
    said = read(folder / "report.html")
    assert "401" in said
    assert "Likely" not in said


def test_a_closed_port_is_reported(cli, folder):
    done = cli(*SEND, *MAX, "--to", "http://127.0.0.1:9/", "--retry", "svix", "--report", "report.html")
    assert done.code == 1
    said = read(folder / "report.html")
    assert "27h35m5s" in said
    assert "not to scale" in said


def test_the_report_of_a_run_out_of_time_tells_what_is_due(cli, folder):
    done = cli(*SEND, "--to", "http://127.0.0.1:9/", "--max-wait", "300ms", "--report", "report.html")
    assert done.code == 1
    said = read(folder / "report.html")
    assert "--max-wait" in said
    assert "PENDING" in said
    assert "next attempt due" in said


def test_several_scenarios_make_one_page(cli, scenario, folder):
    wrong = scenario(
        "name: Wrong\nsteps:\n  - emit: chat.created\n  - settle: 1m\n  - expect: {deliveries: 2}\n"
    )
    assert cli("run", wrong, "no-contact", *MAX, "--report", "report.html").code == 1
    said = read(folder / "report.html")
    assert "2 scenarios" in said
    assert "WrongFailed" in said


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupted_run_is_reported(folder, receiving):
    receiver = receiving(lambda seen: 503)
    running = subprocess.Popen(
        [
            *(sys.executable, "-m", "sandbox", "run", "no-contact", "first-contact", "--to", receiver.url),
            *("--json", "--report", "report.html", "--junit", "report.xml"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    for line in running.stdout:
        if json.loads(line)["kind"] == "attempted":
            break
    running.send_signal(signal.SIGINT)
    running.stdout.read()
    running.stdout.close()
    assert running.wait(PATIENCE) == 130
    said = read(folder / "report.html")
    assert "Interrupted" in said
    assert "503" in said
    assert "next attempt due" in said
    half, later = junitparser.JUnitXml.fromfile(str(folder / "report.xml"))
    assert (half.errors, half.skipped, later.errors, later.skipped) == (1, 0, 0, 1)
    assert "attempt 1 after " in next(half._elem.iter("system-out")).text


@pytest.mark.parametrize(
    ("path", "why"), [("gone/report.html", "no such folder"), (".", "a folder"), ("x" * 300, "File name too long")]
)  # fmt: skip
def test_a_report_that_cannot_be_written_is_3_before_anything_is_sent(told, receiving, path, why):
    receiver = receiving()
    done = told(*SEND, to=receiver.url, report=path)
    assert (done.code, done.out) == (3, "")
    assert done.err == f"error: --report: {path} cannot be written: {why}\n"
    assert receiver.seen == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")  # noqa: PTH110
def test_a_disk_that_is_full_is_3(cli):
    done = cli(*SEND, *MAX, "--report", "/dev/full")
    assert done.code == 3
    assert done.err.endswith("error: --report: /dev/full cannot be written: No space left on device\n")


def test_two_reports_do_not_share_a_file(cli):
    done = cli(*SEND, "--junit", "x", "--report", "./x")
    assert (done.code, done.err) == (2, "error: --junit and --report name the same file\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "first-contact-viber", *MAX),
        (*SEND, *MAX, "--channel", "TELEGRAM", "--set", "chat.firstName=Zoë Ann", "--count", "2"),
        (*SEND, *MAX, "--contact", "none", "--no-auth", "--retry", "none", "--attempt-timeout", "3s"),
        (*SEND, *MAX, "--signature-time", "sandbox", "--start", "2026-04-24T14:02:10Z"),
    ],
    ids=["run", "send", "options", "start"],
)
def test_the_command_in_the_report_plays_the_same_again(cli, receiving, folder, arguments):
    receiver = receiving()
    assert cli(*arguments, "--to", receiver.url, "--report", "report.html").code == 0
    first = [seen.body for seen in receiver.seen]
    receiver.seen.clear()
    words = shlex.split(command_in(folder / "report.html"))
    assert words[0] == "wexio-sandbox"
    assert cli(*words[1:]).code == 0
    assert [seen.body for seen in receiver.seen] == first


@pytest.mark.parametrize(
    ("auth", "value", "shown"),
    [
        ("--secret", "whsec_of-the-tests", '--secret "$WEXIO_SANDBOX_SECRET"'),
        ("--bearer", "t0ken-of-mine", '--bearer "$WEXIO_SANDBOX_BEARER"'),
        ("--basic", "ann:passw0rd", '--basic "$WEXIO_SANDBOX_BASIC"'),
    ],
)
def test_no_secret_is_in_the_report(cli, receiving, folder, auth, value, shown):
    to = receiving().url + "?token=s3cret-token"
    assert cli(*SEND, *MAX, auth, value, "--to", to, "--report", "report.html").code == 0
    source = (folder / "report.html").read_text()
    assert not [secret for secret in (value, value.rpartition(":")[2], "s3cret-token") if secret in source]
    assert shown in command_in(folder / "report.html")
    assert "fill them in" in source


def test_a_generated_secret_is_not_in_the_report(cli, receiving, folder):
    done = cli(*SEND, *MAX, "--to", receiving().url, "--report", "report.html")
    [secret] = [line.rpartition(": ")[2] for line in done.err.splitlines() if "generated secret" in line]
    assert secret not in (folder / "report.html").read_text()


def test_a_changed_assumption_is_marked(cli, folder):
    (folder / "wexio-sandbox.yaml").write_text("profile: {delivery: {attempts: 2, delays: [1s]}}\n")
    assert cli(*SEND, *MAX, "--report", "report.html").code == 0
    said = read(folder / "report.html")
    assert "2 of them changed by the configuration" in said
    assert "delivery.attempts2 changed; by default 5" in said
