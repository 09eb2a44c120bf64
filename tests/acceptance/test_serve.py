"""`serve` as an operator meets it: a process, its signals, its file, its logs."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.server import PATIENCE, ROOT, environment, refused, served

NOBODY = "http://127.0.0.1:9/hook"  # the discard port: nobody is there


@pytest.fixture
def silent():
    """A target that takes connections and says nothing."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def connect(server, **fields):
    status, made = server.call("POST", "/connections", {"name": "crm", "url": NOBODY, **fields})
    assert status == 201, made
    return made


def emit(server, count=1):
    status, told = server.call("POST", "/events", {"event": "chat.created", "count": count})
    assert status == 202, told
    return told["deliveries"]


def until(wanted, what):
    """*what* once it fulfils *wanted*."""
    end = time.monotonic() + PATIENCE
    while not wanted(found := what()):
        assert time.monotonic() < end, found
    return found


# --- its end ------------------------------------------------------------------------------


def test_told_to_terminate_it_ends_with_0_within_a_second_streams_and_attempts_or_not(tmp_path, silent):
    seconds = []
    for _ in range(3):  # the machine may be busy with something else
        with served(tmp_path) as server:
            connect(server, name=f"silent {len(seconds)}", url=silent, retry="none")
            emit(server, 20)
            read, unread = server.stream(), server.stream()
            assert read.readline()
            waiting = socket.create_connection(("127.0.0.1", server.port))
            waiting.sendall(b"POST /api/v1/settle HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                            b"Content-Type: application/json\r\n\r\n{}")  # fmt: skip
            code, took = server.end()
            assert code == 0, server.complaints
            assert read.read() is not None  # closed properly: no half chunk
            for each in (read, unread, waiting):
                each.close()
            assert "Traceback" not in server.complaints
        seconds.append(took)
        if took < 1:
            break
    assert min(seconds) < 1


def test_ctrl_c_ends_it_with_130(tmp_path):
    with served(tmp_path) as server:
        assert server.end(signal.SIGINT)[0] == 130
        assert "Traceback" not in server.complaints


def test_a_second_signal_ends_it_at_once(tmp_path):
    with served(tmp_path) as server, closing(socket.create_connection(("127.0.0.1", server.port))) as half:
        # A client that has begun a body holds the first signal's end for a moment.
        half.sendall(b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
                     b"Content-Type: application/json\r\n\r\n{")  # fmt: skip
        server.call("GET", "//healthz")
        server.process.send_signal(signal.SIGTERM)
        until(lambda said: "ending" in said, lambda: server.complaints)
        assert server.end()[0] in (0, 143)  # it may have been faster than we


def test_killed_and_started_again_it_goes_on_where_it_was(tmp_path):
    with served(tmp_path) as server:
        server.call("PUT", "/clock", {"speed": "manual"})
        made = connect(server, retry={"attempts": 3, "delays": ["1h", "1h"]})
        ids = emit(server, 50)
        status, told = server.call("POST", "/settle", {"timeout": "30s"})
        assert (status, told["deliveries"]) == (408, {"PENDING": 50})
        before = server.call("GET", f"/deliveries/{ids[0]}")[1]
        server.process.kill()
        server.process.wait()
    with served(tmp_path) as server:
        assert server.call("GET", f"/deliveries/{ids[0]}")[1] == before
        assert server.call("GET", "/clock")[1]["speed"] == "manual"
        [connection] = server.call("GET", "/connections")[1]["items"]
        assert connection["id"] == made["id"]
        for _ in range(2):
            assert server.call("POST", "/clock/advance", {"by": "1h"})[0] == 200
        assert server.call("POST", "/settle")[1] == {"deliveries": {"DEAD_LETTER": 50}}
        attempts = server.call("GET", f"/deliveries/{ids[0]}")[1]["attempts"]
        assert [attempt["attempt"] for attempt in attempts] == [1, 2, 3]


def test_an_attempt_that_was_in_flight_when_it_was_killed_counts_as_interrupted(tmp_path, silent):
    with served(tmp_path) as server:
        connect(server, url=silent, retry={"attempts": 2, "delays": ["1h"]})
        [id] = emit(server)
        begun = until(
            lambda items: any(item["kind"] == "attempting" for item in items),
            lambda: server.call("GET", "/journal")[1]["items"],
        )
        assert [item["kind"] for item in begun] == ["emitted", "attempting"]
        server.process.kill()
        server.process.wait()
    with served(tmp_path) as server:
        delivery = server.call("GET", f"/deliveries/{id}")[1]
        [attempt] = delivery["attempts"]
        assert (attempt["attempt"], attempt["error"]["type"]) == (1, "interrupted")
        assert (delivery["status"], delivery["next_attempt_at"] is None) == ("PENDING", False)


# --- who may come in -------------------------------------------------------------------------


def test_on_loopback_no_token_is_needed(tmp_path):
    with served(tmp_path) as server:
        assert server.token is None
        assert server.call("GET", "/stats")[0] == 200


def test_where_others_can_reach_it_a_token_is_made_and_shown_only_at_the_start(tmp_path):
    with served(tmp_path, "--host", "0.0.0.0") as server:
        token = server.token
        assert len(token) >= 32
        assert server.call("GET", "/stats")[0] == 200
        server.token = None
        assert server.call("GET", "/stats")[0] == 401
        assert server.call("GET", "/stats", headers={"Authorization": f"Bearer {token[:-1]}"})[0] == 401
        assert server.call("GET", "//readyz")[0] == 200
        assert token not in server.complaints
        assert server.end()[0] == 0
    with served(tmp_path, "--host", "0.0.0.0") as again:
        assert again.token != token


def test_a_token_of_one_s_own_is_not_printed(tmp_path):
    with served(tmp_path, WEXIO_SANDBOX_TOKEN="of-the-whole-team", WEXIO_SANDBOX_HOST="0.0.0.0") as server:
        assert server.token is None
        assert "of-the-whole-team" not in "".join(server.said) + server.complaints
        assert server.call("GET", "/stats")[0] == 401
        assert server.call("GET", "/stats", headers={"Authorization": "Bearer of-the-whole-team"})[0] == 200


# --- what it cannot do ----------------------------------------------------------------------------


def test_a_port_that_is_taken_ends_with_3(tmp_path):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, said = refused(tmp_path, "--port", port)
    assert (code, f"port {port} of 127.0.0.1 is taken" in said, "Traceback" in said) == (3, True, False)


def test_a_database_that_another_has_ends_with_3(tmp_path):
    with served(tmp_path):
        code, said = refused(tmp_path, "--port", "0")
    assert code == 3
    assert "is in use by another sandbox: stop that one, or name another file" in said


def test_a_folder_that_cannot_be_written_ends_with_3(tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o500)
    # Where the tests are root, a folder that not even root may write to.
    database = "/proc/sandbox.db" if os.geteuid() == 0 else str(folder / "sandbox.db")
    code, said = refused(tmp_path, "--port", "0", "--db", database)
    assert (code, "Traceback" in said) == (3, False)
    assert re.search("name a file (in a folder )?where you may write", said)


def test_what_goes_wrong_is_an_object_of_the_json_log_too(tmp_path):
    with served(tmp_path):
        code, said = refused(tmp_path, "--port", "0", "--log-format", "json")
    [line] = map(json.loads, said.splitlines())
    assert (code, line["level"], "is in use by another sandbox" in line["message"]) == (3, "critical", True)


@pytest.mark.parametrize(
    ("pragma", "says"),
    [
        ("user_version = 99", "was written by a newer version of the sandbox (its format is 99"),
        ("application_id = 7", "is a database of another program: name another file"),
    ],
)
def test_a_file_that_is_not_ours_to_read_ends_with_3(pragma, says, tmp_path):
    with served(tmp_path) as server:
        server.end()
    with closing(sqlite3.connect(tmp_path / ".wexio-sandbox" / "sandbox.db")) as database:
        database.execute(f"PRAGMA {pragma}")
    code, said = refused(tmp_path, "--port", "0")
    assert (code, says in said, "Traceback" in said) == (3, True, False), said


def test_it_is_ready_until_the_journal_cannot_be_written_and_then_says_why_and_ends(tmp_path):
    with served(tmp_path) as server:
        connect(server)
        assert server.call("GET", "//readyz")[0] == 200
        for name in ("sandbox.db", "sandbox.db-wal"):
            (tmp_path / ".wexio-sandbox" / name).unlink()
        status, ready = server.call("GET", "//readyz")
        assert status == 503
        assert "was deleted or replaced" in ready["checks"]["database"]
        assert ready["checks"]["scenarios"] == "ok"
        # Nothing could be acknowledged any more, so it ends by itself.
        assert server.process.wait(PATIENCE) == 3
        assert "was deleted or replaced" in server.complaints
        assert "Traceback" not in server.complaints


# --- what it says -----------------------------------------------------------------------------------


def test_each_line_of_its_json_log_is_one_object_and_none_holds_a_secret(tmp_path):
    with served(tmp_path, "--log-format", "json") as server:
        connect(server, auth={"type": "HMAC", "secret": "whsec_hidden-from-logs"})
        server.call("GET", "/deliveries?cursor=whsec_hidden-from-logs")
        server.call("GET", "/nowhere%0a%1b[31m")
        code, _ = server.end()
        assert code == 0
        lines = [json.loads(line) for line in server.complaints.splitlines() if line.startswith("{")]
        rest = [line for line in server.complaints.splitlines() if not line.startswith("{")]
    assert {"at", "level", "logger", "message", "method", "path", "status", "elapsed_ms"} <= set(lines[0])
    assert [line.get("status") for line in lines] == [201, 422, 404, None]
    assert lines[-1]["message"] == "ending"
    assert rest == []
    assert "whsec_hidden" not in json.dumps(lines)


def test_every_option_is_a_variable(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "hello.yaml").write_text("name: Hello\nsteps: [{emit: chat.created}]\n")
    with served(
        tmp_path,
        WEXIO_SANDBOX_PORT="0",
        WEXIO_SANDBOX_DB=":memory:",
        WEXIO_SANDBOX_SCENARIOS="mine",
        WEXIO_SANDBOX_NO_SUBSCRIBER="1",
        WEXIO_SANDBOX_ALLOW_TARGET="*.example.com, 127.0.0.1",
        WEXIO_SANDBOX_ALLOW_HOST="wexio,other",
        WEXIO_SANDBOX_KEEP_FOR="1h",
    ) as server:
        names = [item["name"] for item in server.call("GET", "/scenarios")[1]["items"]]
        assert names[0] == "hello"
        assert server.call("GET", "/subscriber")[0] == 404
        assert server.call("GET", "/stats", headers={"Host": "wexio"})[0] == 200
        assert server.call("GET", "/stats", headers={"Host": "rebound.example"})[0] == 403
        refused_target = {"name": "x", "url": "http://10.1.2.3/", "auth": {"type": "NONE"}}
        made = server.call("POST", "/connections", refused_target)
        assert made[0] in (201, 422)
    assert not (tmp_path / ".wexio-sandbox").exists()


# --- the image ------------------------------------------------------------------------------------------


def instruction(word):
    """What the Dockerfile says after *word*, on one line."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [
        line.partition(" ")[2] for line in text.replace("\\\n", " ").splitlines() if line.startswith(word)
    ]


def test_the_image_s_health_check_holds_while_the_server_is_ready_and_not_afterwards(tmp_path):
    [check] = instruction("HEALTHCHECK")
    options, _, command = check.partition("CMD")
    assert {"--interval=10s", "--timeout=5s", "--start-period=30s"} <= set(options.split())
    words = json.loads(command)
    assert words[0] == "python"

    def healthy(port):
        result = subprocess.run(
            [sys.executable, *words[1:]],
            env=environment(WEXIO_SANDBOX_PORT=str(port), http_proxy="http://127.0.0.1:9"),
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        return result.returncode == 0

    [variables] = instruction("ENV")
    said = dict(word.split("=", 1) for word in shlex.split(variables))
    ours = {name: value for name, value in said.items() if name.startswith("WEXIO_")}
    assert ours == {
        "WEXIO_SANDBOX_HOST": "0.0.0.0",
        "WEXIO_SANDBOX_DB": "/data/sandbox.db",
        "WEXIO_SANDBOX_SCENARIOS": "/scenarios",
    }
    (tmp_path / "scenarios").mkdir()
    moved = {name: value.replace("/data", str(tmp_path)).replace("/scenarios", str(tmp_path / "scenarios"))
             for name, value in ours.items()}  # fmt: skip
    with served(tmp_path, **moved) as server:
        assert Path(tmp_path / "sandbox.db").exists()
        assert healthy(server.port)
        server.end()
        assert not healthy(server.port)
