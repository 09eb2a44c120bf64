"""`lint`, `schema`, `verify`, `completion`, `listen`, and what holds for every command."""

import hmac
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException

import pytest

from sandbox import __version__
from sandbox.cli import COMMANDS, commands
from sandbox.clock import wall_now
from tests.integration.conftest import PATIENCE, ROOT

SECRET = "whsec_of-the-tests"
BODY = '{"id":"evt_1","type":"chat.created","data":{"name":"Zoë"}}'.encode()
NOW = 1_777_039_330


def signature(secret=SECRET, at=NOW, body=BODY):
    """As a subscriber's own code would compute it, with nothing but the standard library."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    return f"t={at},v1={digest}"


# --- lint ---------------------------------------------------------------------------

FAULTY = "name: Wrong\nsteps:\n  - emit: chat.created\n    chanel: VIBER\n  - wait: 5\n"
DOUBTFUL = """name: Doubtful
connections:
  - {name: crm, url: "http://127.0.0.1:1/", auth: {type: NONE}, events: [chat.deleted]}
steps:
  - emit: chat.created
"""
FINE = "name: Fine\nsteps: [{emit: chat.created}]\n"


@pytest.fixture
def files(scenario):
    """Three scenarios: one with mistakes, one with a warning, one without either."""
    scenario(FAULTY, "faulty.yaml")
    scenario(DOUBTFUL, "doubtful.yaml")
    scenario(FINE, "fine.yaml")


def test_lint_tells_every_mistake_with_its_place_line_caret_and_correction(cli, files):
    done = cli("lint", "faulty.yaml")
    assert done.code == 2
    first, second = done.out.split("\n\n")
    assert first.splitlines() == [
        "faulty.yaml:4:5: unknown key 'chanel'",
        "  4 |     chanel: VIBER",
        "    |     ^^^^^^",
        "    = did you mean channel?",
    ]
    assert second.startswith("faulty.yaml:5:11: 5 has no unit")
    assert done.err == "1 file, 2 errors\n"


def test_lint_of_a_warning_alone_is_0(cli, files):
    done = cli("lint", "doubtful.yaml")
    assert done.code == 0
    assert done.out.startswith("doubtful.yaml:5:11: warning: no connection takes chat.created\n")
    assert done.err == "1 file, 1 warning\n"


def test_lint_of_nothing_wrong_prints_nothing_as_its_result(cli, files):
    done = cli("lint", "fine.yaml")
    assert (done.code, done.out, done.err) == (0, "", "1 file, no problems\n")


def test_lint_reads_several_files_and_tells_all_of_them(cli, files):
    done = cli("lint", "fine.yaml", "faulty.yaml", "doubtful.yaml")
    assert done.code == 2
    assert re.findall(r"^(\w+\.yaml):\d+", done.out, re.MULTILINE) == ["doubtful.yaml", *["faulty.yaml"] * 2]
    assert done.err == "3 files, 2 errors and 1 warning\n"


def test_lint_as_json_is_an_array_of_problems(cli, files):
    done = cli("lint", "faulty.yaml", "doubtful.yaml", "--format", "json")
    assert done.code == 2
    problems = json.loads(done.out)
    assert [item["severity"] for item in problems] == ["warning", "error", "error"]
    assert problems[1] == {
        "file": "faulty.yaml",
        "line": 4,
        "column": 5,
        "severity": "error",
        "message": "unknown key 'chanel'",
        "hint": "did you mean channel?",
    }
    assert json.loads(cli("lint", "fine.yaml", "--format", "json").out) == []


def test_lint_for_github_is_one_annotation_a_line(cli, files):
    done = cli("lint", "faulty.yaml", "doubtful.yaml", "--format", "github")
    assert done.code == 2
    assert done.out.splitlines()[:2] == [
        "::warning file=doubtful.yaml,line=5,col=11,endColumn=23::no connection takes chat.created",
        "::error file=faulty.yaml,line=4,col=5,endColumn=11::unknown key 'chanel'%0Adid you mean channel?",
    ]
    assert cli("lint", "fine.yaml", "--format", "github").out == ""


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_a_hostile_file_is_quoted_and_not_obeyed(cli, scenario, form):
    name = scenario('name: X\n"\\e[2J\\n::error::owned": 1\nsteps: [{emit: "\\e]0;x\\a[/b]"}]\n')
    done = cli("lint", name, "--format", form)
    assert done.code == 2
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.out)
    assert "\n::error::owned" not in done.out


def test_lint_knows_the_shipped_scenarios_by_name(cli):
    shipped = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))
    done = cli("lint", *shipped)
    assert (done.code, done.out) == (0, "")
    assert done.err == f"{len(shipped)} files, no problems\n"


def test_a_variable_that_is_not_set_is_a_warning_to_lint(cli, scenario):
    name = scenario("name: X\ndescription: ${NOT_SET_ANYWHERE}\nsteps: [{emit: chat.created}]\n")
    done = cli("lint", name)
    assert done.code == 0
    assert f"{name}:2:14: warning: " in done.out
    assert "NOT_SET_ANYWHERE" in done.out
    assert cli("lint", name, env={"NOT_SET_ANYWHERE": "set"}).out == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("fine.yaml", "--format", "jsn"),
            "--format: 'jsn' is none of text, json, github; did you mean json?",
        ),
        ((), "which scenario? Name a file, or one that is shipped"),
    ],
    ids=["format", "nothing"],
)
def test_lint_says_what_it_cannot_do(cli, files, arguments, says):
    done = cli("lint", *arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("first-contct", "did you mean first-contact?"),
        ("gone/x.yaml", "there is no file gone/x.yaml"),
        (".", "is a folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_like_others(cli, files, name, says):
    done = cli("lint", name, "wrong.yaml", "--format", "json")
    assert done.code == 2
    found = {problem["file"]: problem["message"] for problem in json.loads(done.out)}
    assert says in found.pop(name)
    assert list(found) == ["wrong.yaml"]
    assert done.err.startswith("2 files, ")


# --- schema -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "name"), [((), "scenario"), (("scenario",), "scenario"), (("event",), "event")], ids=str
)
def test_schema_prints_the_shipped_file(cli, arguments, name):
    done = cli("schema", *arguments)
    assert (done.code, done.err) == (0, "")
    assert done.out == (ROOT / "sandbox" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    assert "$schema" in json.loads(done.out)


def test_schema_prints_the_document_that_the_server_serves(cli):
    from sandbox.web.api import openapi_text

    done = cli("schema", "openapi")
    assert (done.code, done.out) == (0, openapi_text())
    assert json.loads(done.out)["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    ("name", "says"),
    [("opnapi", "did you mean openapi?"), ("evnt", "did you mean event?")],
)
def test_another_schema_is_refused(cli, name, says):
    done = cli("schema", name)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert len(done.err.splitlines()) == 1


# --- verify -------------------------------------------------------------------------


@pytest.fixture
def check(cli, folder):
    """Run ``verify`` over the test's body, at the moment of signing; options go before these."""
    (folder / "body.json").write_bytes(BODY)

    def run(header, **options):
        said = {"secret": SECRET, "body": "body.json", "now": NOW} | options
        given = [f"--{name}={value}" for name, value in said.items() if value is not None]
        return cli("verify", f"--signature={header}", *given)

    return run


def test_a_signature_that_holds_is_0(check):
    done = check(signature())
    assert (done.code, done.out, done.err) == (0, "valid: the signature holds\n", "")


NOT_VALID = {
    "wrong secret": (signature("whsec_another"), "not valid (mismatch): "),
    "tampered": (signature(body=BODY.replace(b"chat", b"Chat")), "not valid (mismatch): "),
    "another time signed": (signature().replace(str(NOW), str(NOW + 1)), "not valid (mismatch): "),
    "stale": (signature(at=NOW - 3600), "not valid (too_old): the timestamp is 1h old"),
    "early": (signature(at=NOW + 3600), "not valid (too_new): the timestamp is 1h ahead"),
    "no t": ("v1=" + "a" * 64, "not valid (malformed): the header holds no t"),
    "no v1": (f"t={NOW}", "not valid (malformed): the header holds no v1"),
    "upper case": (signature().upper().replace("T=", "t=").replace("V1", "v1"), "not valid (malformed): "),
    "milliseconds": (signature(at=NOW * 1000), "it looks like milliseconds"),
    "nonsense": ("nonsense\x1b[2J", "not valid (malformed): "),
    "empty": ("", "not valid (missing): "),
}


@pytest.mark.parametrize("kind", NOT_VALID)
def test_a_signature_that_does_not_hold_is_1_and_says_why(check, kind):
    header, says = NOT_VALID[kind]
    done = check(header)
    assert (done.code, done.err) == (1, "")
    line, *causes = done.out.splitlines()
    assert says in line
    assert causes
    assert all(re.match("proven: |likely: |  do: ", cause) for cause in causes)
    assert "\x1b" not in done.out
    assert SECRET not in done.out


@pytest.mark.parametrize(
    ("secret", "body", "says"),
    [
        (
            SECRET + "\n",
            BODY,
            "proven: the secret here has a line break at its end, and the one that signed has not",
        ),
        (
            SECRET,
            BODY + b"\n",
            "proven: the body was changed after it was signed: a line break was added at its end",
        ),
        ("whsec_x", BODY, "likely: another secret signed it"),
    ],
    ids=["secret", "body", "neither"],
)
def test_verify_says_what_would_match_and_what_to_do(check, folder, secret, body, says):
    (folder / "other.json").write_bytes(body)
    done = check(signature(), secret=secret, body="other.json")
    first, why, what, *_ = done.out.splitlines()[:1] + done.out.splitlines()[-2:]
    assert (done.code, first.startswith("not valid (mismatch): ")) == (1, True)
    assert why.startswith(says)
    assert what.startswith("  do: ")


def test_with_what_was_sent_verify_shows_where_the_body_differs(check, folder):
    (folder / "sent.json").write_bytes(BODY)
    (folder / "other.json").write_bytes(BODY.replace(b"chat", b"Chat"))
    done = check(signature(), body="other.json", sent="sent.json")
    assert done.code == 1
    assert "proven: the body was changed after it was signed" in done.out
    at = BODY.index(b"chat")
    assert re.search(rf"^differs: at byte {at}: sent '.*chat.*', received '.*Chat", done.out, re.MULTILINE)
    assert check(signature(), sent="sent.json").out == "valid: the signature holds\n"


def test_a_clock_that_counts_milliseconds_is_told(check):
    done = check(signature(), now=NOW * 1000)
    assert done.code == 1
    assert "proven: the receiver's own time counts milliseconds" in done.out


@pytest.mark.parametrize(("tolerance", "code"), [("300", 0), ("5m", 0), ("299", 1), ("4m", 1), ("0", 1)])
def test_the_tolerance_is_seconds_or_a_duration(check, tolerance, code):
    assert check(signature(at=NOW - 300), tolerance=tolerance).code == code


def test_the_default_tolerance_says_that_it_is_assumed(check):
    assert check(signature(at=NOW - 300)).code == 0
    assert "5m are allowed (assumed tolerance)" in check(signature(at=NOW - 301)).out


def test_without_now_it_is_now(check):
    assert check(signature(at=int(wall_now().timestamp())), now=None).code == 0
    assert "(too_old)" in check(signature(), now=None).out


def test_the_body_is_read_from_standard_input_byte_for_byte(process):
    body = BODY + b"\r\n\xff"
    done = process("verify", "--secret", SECRET, "--signature", signature(body=body), "--body", "-", "--now", NOW, stdin=body)  # fmt: skip
    assert (done.code, done.out) == (0, "valid: the signature holds\n")


def test_the_secret_may_come_from_the_environment(cli, folder):
    (folder / "body.json").write_bytes(BODY)
    arguments = ("verify", "--signature", signature(), "--body", "body.json", "--now", NOW)
    assert cli(*arguments, env={"secret": SECRET}).code == 0
    assert cli(*arguments, "--secret", SECRET, env={"secret": "another"}).code == 0
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "--secret is needed" in done.err


def test_what_the_sandbox_sends_is_valid_to_verify(cli, receiving, folder):
    receiver = receiving()
    assert cli("send", "chat.created", "--to", receiver.url, "--secret", SECRET).code == 0
    [seen] = receiver.seen
    (folder / "body.json").write_bytes(seen.body)
    told = ("verify", "--signature", seen["X-Wexio-Signature"], "--body", "body.json")
    assert cli(*told, "--secret", SECRET).code == 0
    assert cli(*told, "--secret", SECRET + "x").code == 1


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ({"now": "noon"}, 2, "error: --now: 'noon' is not a Unix time"),
        ({"tolerance": "5 minutes"}, 2, "error: --tolerance: "),
        ({"tolerance": "-1"}, 2, "error: --tolerance: "),
        ({"sent": "gone.json"}, 3, "error: --sent: gone.json cannot be read: No such file"),
        ({"sent": "-", "body": "-"}, 2, "error: --body and --sent cannot both be standard input"),
        ({"body": "gone.json"}, 3, "error: --body: gone.json cannot be read: No such file"),
        ({"body": "."}, 3, "error: --body: . cannot be read: Is a directory"),
    ],
    ids=str,
)
def test_verify_says_which_option_is_wrong(check, options, code, says):
    done = check(signature(), **options)
    assert (done.code, done.out) == (code, "")
    [line] = done.err.splitlines()
    assert line.startswith(says)


# --- completion ---------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(cli, shell):
    done = cli("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert "_WEXIO_SANDBOX_COMPLETE" in done.out
    assert f"{shell}_complete" in done.out
    assert cli("completion", env={"SHELL": f"/usr/bin/{shell}"}).out == done.out


def test_bash_can_read_its_script(cli):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    script = cli("completion", "bash").out
    read = subprocess.run([bash, "-n"], input=script, text=True, capture_output=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("wexio-sandbox li", {"listen", "lint"}),
        ("wexio-sandbox run --ma", {"--max-wait"}),
        ("wexio-sandbox run dead", {"dead-letter", "dead"}),
        ("wexio-sandbox lint no-", {"no-contact", "no-"}),
    ],
    ids=["command", "option", "scenario", "scenario to lint"],
)
def test_the_script_asks_for_what_fits(process, words, expected):
    asked = {
        "_WEXIO_SANDBOX_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = process(env=asked)
    assert {line.partition(",")[2] for line in done.out.splitlines()} == expected


@pytest.mark.parametrize(
    ("arguments", "shell", "says"),
    [
        (("tcsh",), "/bin/bash", "'tcsh' is none of bash, zsh, fish"),
        (("fihs",), "/bin/bash", "did you mean fish?"),
        ((), "/bin/dash", "$SHELL: 'dash' is none of bash, zsh, fish"),
    ],
    ids=["unknown", "misspelt", "of the environment"],
)
def test_an_unknown_shell_is_told(cli, arguments, shell, says):
    done = cli("completion", *arguments, env={"SHELL": shell})
    assert (done.code, done.out) == (2, "")
    assert says in done.err


# --- listen -------------------------------------------------------------------------


class Lines:
    """What a stream says, line by line, to whoever waits for it."""

    def __init__(self, stream):
        self._lines = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(stream,))
        self._thread.start()

    def _read(self, stream):
        for line in stream:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def next(self):
        """The next line; None at the end."""
        return self._lines.get(timeout=PATIENCE)

    def rest(self):
        """All lines from here to the end."""
        return list(iter(self.next, None))

    def end(self):
        """Wait until the stream has been read to its end."""
        self._thread.join(PATIENCE)

    def until(self, word):
        """The first line from here with *word* in it."""
        return next(line for line in iter(self.next, None) if word in line)


class Listener:
    """A running ``listen``: what it says, and a way to send to it."""

    def __init__(self, process):
        self.process = process
        self.out, self.err = Lines(process.stdout), Lines(process.stderr)

    def find(self, lines):
        self.url = re.search(r"listening on (http://\S+)", lines.until("listening on"))[1]

    def post(self, body=BODY, **headers):
        """The status of a POST."""
        connection = HTTPConnection(self.url.split("/")[2], timeout=PATIENCE)
        try:
            connection.request("POST", "/any/path", body, {"Content-Type": "application/json", **headers})
            return connection.getresponse().status
        finally:
            connection.close()

    def signed(self, secret=SECRET, event="evt_1", attempt=1):
        """The status of a signed delivery."""
        meta = {"eventId": event, "event": "chat.created", "connectionId": "c" * 24, "attempt": attempt}
        body = json.dumps({"id": event, "type": "chat.created", "data": {}, "meta": meta}).encode()
        header = signature(secret, int(wall_now().timestamp()), body)
        return self.post(body, **{"X-Wexio-Signature": header})

    def end(self, number):
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def a_listener(*arguments):
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", "listen", "--port", "0", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        listener = Listener(process)
        try:
            listener.find(listener.err if "--json" in arguments else listener.out)
            yield listener
        finally:
            process.kill()
            # Before the streams are closed: to close one that is being read is an error in its thread.
            for lines in (listener.out, listener.err):
                lines.end()


@pytest.fixture
def listening(folder):
    """Start ``listen`` as a process: ``with listening("--secret", "x") as listener``."""
    return a_listener


def test_listen_verifies_prints_and_answers(listening):
    with listening("--secret", SECRET) as listener:
        assert listener.url.startswith("http://127.0.0.1:")
        assert listener.out.next() == (
            f"try it: wexio-sandbox send chat.created --to {listener.url} --secret <the same>"
        )
        assert listener.signed(attempt=2) == 200
        head, body = listener.out.next(), listener.out.next()
        assert re.fullmatch(r"\d\d:\d\d:\d\d  chat\.created  attempt 2  verified  → 200", head)
        assert body.startswith('  {"id": "evt_1"')

        assert listener.signed("whsec_another") == 401
        assert "not verified: v1 does not match" in listener.out.next()
        why = [listener.out.next() for _ in range(5)][1:]
        assert re.match("  likely: the body is not written as Wexio writes JSON", why[0])
        assert why[2] == "  likely: another secret signed it"
        assert all(line.startswith("    do: ") for line in why[1::2])
        assert listener.post() == 401
        assert "there is no X-Wexio-Signature header" in listener.out.next()
        assert listener.end(signal.SIGTERM) == 0
        assert listener.err.rest() == ["3 requests · 1 verified · 2 not verified"]


def test_listen_without_a_secret_takes_every_event_and_says_so(listening):
    with listening() as listener:
        assert "signatures are not verified" in listener.out.until("signatures")
        assert listener.post(b'{"id": "evt_1", "type": "\\u001b[2J"}') == 200
        assert "not an event of Wexio's  no attempt number  not verified  → 200" in listener.out.next()
        assert listener.out.next() == '  {"id": "evt_1", "type": "\\u001b[2J"}'
        assert listener.post(b"\x1b[2J\xff\n::error::owned") == 400
        head, body, why = (listener.out.next() for _ in range(3))
        assert "not an event of Wexio's  no attempt number  not verified  → 400" in head
        assert body == "  ␛[2J\ufffd␊::error::owned"
        assert why == "  no event: the body is not UTF-8: 0xff at byte 4"
        assert listener.end(signal.SIGINT) == 130
        assert listener.out.rest() == []


def test_a_signed_body_that_is_no_event_is_refused_and_listen_says_why(listening):
    with listening("--secret", SECRET) as listener:
        listener.out.until("try it")
        header = signature(SECRET, int(wall_now().timestamp()), b'{"id": "evt_')
        assert listener.post(b'{"id": "evt_', **{"X-Wexio-Signature": header}) == 400
        head, _, why = (listener.out.next() for _ in range(3))
        assert head.endswith("  verified  → 400")
        assert why == "  no event: the body is not JSON: Unterminated string starting at, line 1 column 8"
        assert listener.end(signal.SIGTERM) == 0
        assert listener.err.rest() == ["1 request · 1 verified · 1 no event"]


def test_what_to_do_about_a_signature_stands_below_it_and_not_below_the_body(listening):
    with listening("--secret", SECRET) as listener:
        listener.out.until("try it")
        assert listener.post(b"nope") == 401
        head, _, advice, why = (listener.out.next() for _ in range(4))
        assert head.endswith("  not verified: there is no X-Wexio-Signature header  → 401")
        assert advice.startswith("    do: ")
        assert why.startswith("  no event: ")


@pytest.mark.parametrize(
    ("listens", "checks"),
    [
        (("--secret", SECRET), ("--secret", SECRET)),
        ((), ("--no-auth",)),
    ],
    ids=["signed", "unsigned"],
)
def test_what_listens_has_a_clean_report_card(listening, cli, listens, checks):
    with listening(*listens) as listener:
        done = cli("check", "--to", listener.url, *checks, "--format", "json")
    card = json.loads(done.out)
    found = {item["id"]: item["status"] for item in card["checks"]}
    assert (done.code, set(found.values())) == (0, {"passed", "skipped"}), card
    # Without a probe nobody can tell how often, and without a signature not whether it is looked at.
    needless = {"dedupes"} | ({id for id in found if id.startswith("rejects-")} if not listens else set())
    assert {id for id, status in found.items() if status == "skipped"} == needless


def test_listen_takes_its_secret_from_the_environment(listening, environment):
    with environment({"secret": SECRET}), listening() as listener:
        assert listener.signed() == 200
        assert listener.signed("whsec_another") == 401


def test_respond_scripts_the_answers_of_each_event(listening):
    with listening("--secret", SECRET, "--respond", "500,503,200") as listener:
        assert [listener.signed(attempt=number) for number in (1, 2, 3, 4)] == [500, 503, 200, 200]
        assert listener.signed(event="evt_2") == 500
        # A scripted answer is given, whatever the signature is.
        assert listener.signed("whsec_another", event="evt_3") == 500


def test_listen_as_json_prints_one_object_a_request_and_nothing_else(listening):
    with listening("--secret", SECRET, "--json") as listener:
        listener.signed()
        listener.post(b"\xff", Authorization="Bearer t0ken")
        first, second = (json.loads(listener.out.next()) for _ in range(2))
        assert first["event"] == "chat.created"
        assert first["event_id"] == "evt_1"
        assert first["attempt"] == 1
        assert first["verified"] is True
        assert first["answer"] == 200
        assert json.loads(first["request"]["body"])["id"] == "evt_1"
        assert (second["verified"], second["reason"], second["answer"]) == (False, "missing", 401)
        assert (first["causes"], first["no_event"]) == ([], None)
        assert second["no_event"] == "the body is not UTF-8: 0xff at byte 0"
        assert [(cause["code"], cause["proven"]) for cause in second["causes"]] == [("other_auth", True)]
        assert second["request"]["body_base64"] == "/w=="
        assert ["Authorization", "Bearer ***"] in second["request"]["headers"]
        assert listener.end(signal.SIGTERM) == 0
        assert listener.out.rest() == []


def test_what_send_sends_listen_verifies(listening, cli):
    with listening("--secret", SECRET) as listener:
        assert cli("send", "chat.created", "--to", listener.url, "--secret", SECRET).code == 0
        assert "  verified  → 200" in listener.out.until("chat.created  ")
        told = ("send", "chat.created", "--to", listener.url, "--speed", "max", "--retry", "none")
        done = cli(*told)
        assert done.code == 1
        assert "hint: the subscriber answered 401: likely: another secret signed it" in done.out
        done = cli(*told, "--secret", SECRET + " ")
        assert "hint: the subscriber answered 401: the secret that signed has a space at its end" in done.out


def test_listen_ends_when_nobody_reads_any_more(folder):
    reading, writing = os.pipe()
    program = [sys.executable, "-m", "sandbox", "listen", "--port", "0", "--json"]
    with subprocess.Popen(program, stdout=writing, stderr=subprocess.PIPE, text=True) as process:
        os.close(writing)
        url = re.search(r"http://([^/]+)/", process.stderr.readline())
        os.close(reading)
        connection = HTTPConnection(url[1], timeout=PATIENCE)
        with closing(connection), suppress(OSError, HTTPException):
            connection.request("POST", "/", BODY)
            connection.getresponse()
        assert process.wait(PATIENCE) == 141
        assert "Traceback" not in process.stderr.read()


def test_a_taken_port_is_3_and_named(cli):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = cli("listen", "--port", port)
    assert (done.code, done.out) == (3, "")
    [line] = done.err.splitlines()
    assert line.startswith("error: ")
    assert f"port {port} of 127.0.0.1 is taken: choose another, or 0 for a free one" in line


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("port", "65536"),
        ("port", "x"),
        ("port", "-1"),
        ("respond", "200,slow"),
        ("respond", ""),
        ("respond", "99"),
        ("secret", ""),
    ],
)
def test_listen_says_which_option_is_wrong(cli, option, value):
    done = cli("listen", f"--{option}={value}")
    assert (done.code, done.out) == (2, "")
    [line] = done.err.splitlines()
    assert line.startswith(f"error: --{option}: ")


# --- every command ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "says"),
    [("rnu", "did you mean run?"), ("SEND", "did you mean send?"), ("zzz", "there are run, send, listen")],
)
def test_an_unknown_command_gets_a_suggestion(cli, word, says):
    done = cli(word)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: there is no command '{word}'; ")
    assert says in done.err


def test_the_version_is_printed(cli):
    done = cli("--version")
    assert (done.code, done.out, done.err) == (0, f"wexio-sandbox {__version__}\n", "")


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_help_lists_every_command(cli, flag):
    done = cli(flag)
    assert (done.code, done.err) == (0, "")
    for name, (_, says) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(says)}$", done.out, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_mentions_each_option(cli, name):
    done = cli(name, "--help")
    assert (done.code, done.err) == (0, "")
    with commands.make_context("wexio-sandbox", ["--help"], resilient_parsing=True) as context:
        command = commands.get_command(context, name)
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert re.search(rf"^  .*{parameter.opts[-1]}\b", done.out, re.MULTILINE), parameter.name
            assert parameter.help, parameter.name
    assert cli(name, "-h").out == done.out


PROMISED = (
    "to", "secret", "bearer", "basic", "no-auth", "seed", "start", "signature-time", "speed", "retry",
    "attempt-timeout", "max-wait", "config", "json", "junit", "report",
)  # fmt: skip


@pytest.mark.parametrize("name", ["run", "send"])
def test_the_delivery_options_are_those_promised(cli, name):
    out = cli(name, "--help").out
    assert [option for option in PROMISED if f"--{option} " not in out] == []
    assert "WEXIO_SANDBOX_<NAME>" in out


@pytest.mark.parametrize("arguments", [(), *((name,) for name in COMMANDS)], ids=" ".join)
def test_help_costs_no_heavy_import(arguments):
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "sandbox", *arguments, "--help"],
        capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    assert ended.stdout.startswith("Usage: wexio-sandbox")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in ended.stderr.splitlines()}
    assert "click" in imported
    assert not imported & {"aiohttp", "faker", "pydantic", "pydantic_core", "rich", "uvloop", "yaml"}


def test_a_variable_that_nothing_reads_is_told_with_the_likely_name_and_the_work_goes_on(cli):
    strange = {"WEXIO_SANDBOX_SEDE": "42", "WEXIO_SANDBOX_COFFEE": "yes"}
    done = cli("schema", "event", env=strange)
    assert (done.code, done.err.splitlines()) == (
        0,
        [
            "warning: nothing reads WEXIO_SANDBOX_COFFEE",
            "warning: nothing reads WEXIO_SANDBOX_SEDE; did you mean WEXIO_SANDBOX_SEED?",
        ],
    )
    assert done.out.startswith("{")


def test_a_variable_of_another_command_is_no_mistake(cli):
    fine = {"port": "8420", "seed": "1", "junit": "x.xml", "OTHER_SANDBOX_SEDE": "1"}
    assert cli("schema", "event", env=fine).err == ""


def test_a_delivery_imports_no_more_than_it_needs(receiving):
    ended = subprocess.run(
        [
            *(sys.executable, "-X", "importtime", "-m", "sandbox", "send", "chat.created"),
            *("--to", receiving().url, "--seed", "1"),
        ],
        capture_output=True, text=True, check=True, timeout=PATIENCE,
        env={},  # without what asks for its coverage, which imports more
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "sandbox.transport" in imported
    for_others = ("diagnosis", "junit", "meaning", "refusal", "report")
    assert not imported & {f"sandbox.core.{name}" for name in for_others}
    assert not imported & {"aiohttp.web", "sandbox.subscriber", "pydantic", "rich", "xml", "yaml"}


def test_the_module_is_the_program(process):
    done = process("send", "chat.created", "--seed", "1", "--speed", "max")
    assert done.code == 0
    assert "PASSED 1 delivery" in done.out
    assert process("nonsense").err.startswith("error: there is no command 'nonsense'")


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_that_does_not_exist_is_2_in_one_line(cli, name):
    done = cli(name, "--no-such-option")
    assert (done.code, done.out) == (2, "")
    error, hint = done.err.splitlines()
    assert error == "error: there is no option --no-such-option"
    assert hint == f"Try 'wexio-sandbox {name} --help' for help."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "first-contact", "--sped", "max"), "there is no option --sped; did you mean --speed?"),
        (("--hlep",), "there is no option --hlep; did you mean --help?"),
        (("run", "first-contact", "--speed"), "--speed needs a value: X|max"),
        (("listen", "--respond"), "--respond needs a value: LIST"),
        (("run", "first-contact", "--json=1"), "--json"),
        (("run",), "which scenario? Name a file, or one that is shipped, such as first-contact"),
        (("verify",), "--signature is needed: the value of X-Wexio-Signature"),
        (("send",), "which event? chat.created is one"),
        (("--", "-x"), "there is no option -x"),
        (("schema", "event", "extra"), "extra"),
        (("--no-such-option",), "--no-such-option"),
    ],
    ids=" ".join,
)
def test_wrong_options_are_2_without_a_traceback(cli, arguments, says):
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    error, *hint = done.err.splitlines()
    assert error.startswith("error: ")
    assert says in error
    assert all(line.startswith("Try ") for line in hint)


def test_a_word_that_no_terminal_should_obey_is_shown_harmless(cli):
    done = cli("\x1b[2J\n::error::x")
    assert done.code == 2
    assert "\x1b" not in done.err
    assert "\n::" not in done.err


def test_no_words_show_the_help(cli):
    done = cli()
    assert done.code == 2
    assert done.err.startswith("Usage: wexio-sandbox")
    assert "\n  run " in done.err
    assert "␊" not in done.err
