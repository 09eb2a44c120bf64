"""On a terminal: colours and a live table, and nothing that a stranger wrote is obeyed."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from time import monotonic

import pytest

from tests.integration.conftest import PATIENCE

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])
CONTROL = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile("\x1b\\[[0-9;]*m")
HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m[red]Eve[/red]"
OURS = set("mABCDKHJhl")  # the ends of what rich writes: colours, and a cursor that goes up and wipes
FIELDS = "event    .*channel .*who .*attempts .*elapsed .*state"


class Terminal:
    """A process on a terminal of its own, and everything that appeared there."""

    def __init__(self, arguments, size):
        self._ours, theirs = pty.openpty()
        columns, lines = size
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.shown = ""
        self._raw = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", *arguments],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            # The terminal becomes the one that controls the process: Ctrl-C reaches it.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - one call, no locks
        )  # fmt: skip
        os.close(theirs)

    def type(self, keys):
        os.write(self._ours, keys)

    def until(self, pattern):
        """Read until *pattern* has appeared."""
        while not re.search(pattern, self.shown):
            assert self._read(), f"ended without {pattern!r}:\n{self.shown}"

    def end(self):
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE)

    def _read(self):
        deadline = monotonic() + PATIENCE
        ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - monotonic()))
        if not ready:
            pytest.fail(f"nothing more appears:\n{self.shown}")
        try:
            read = os.read(self._ours, 65536)
        except OSError:  # how Linux says that nobody is at the other end any more
            return False
        self._raw += read
        self.shown = self._raw.decode("utf-8", "replace")
        return bool(read)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    @property
    def text(self):
        """What appeared, without the controls."""
        return CONTROL.sub("", self.shown).replace("\r\n", "\n")


@pytest.fixture
def terminal(folder, environment):
    """Run a command line on a terminal: ``terminal("run", "first-contact", size=(80, 24))``."""
    started = []

    def start(*arguments, size=(80, 24), **variables):
        with environment({"TERM": "xterm-256color", **variables}):
            started.append(Terminal(arguments, size))
        return started[-1]

    yield start
    for one in started:
        one.close()


def fits(text, columns):
    return max(map(len, text.splitlines())) <= columns


@SIZES
def test_a_run_ends_with_its_verdict_and_fits(terminal, size):
    screen = terminal("run", "first-contact", "--speed", "max", size=size)
    assert screen.end() == 0
    assert re.fullmatch(r"PASSED 4 deliveries · 7 attempts · .*", screen.text.splitlines()[-1])
    assert "Олена Коваленко" in screen.text
    assert COLOUR.search(screen.shown)


@SIZES
def test_a_name_that_is_longer_than_its_column_is_cut(terminal, scenario, size):
    name = scenario(
        "name: Long\ncontacts: {her: {firstName: " + "Anna" * 50 + "}}\n"
        "steps: [{emit: chat.created, contact: her, channel: VIBER}]\n"
    )
    screen = terminal("run", name, "--speed", "max", "--secret", "x", size=size)
    assert screen.end() == 0
    [row] = [line for line in screen.text.splitlines() if line.startswith("SUCCESS")]
    assert re.search("Anna[An]*…", row)
    assert size[0] // 8 < len(row) <= size[0]
    assert "200 +0s" in row.replace("\u00a0", " ")


@SIZES
@pytest.mark.parametrize("speed", ["max", "1"])
def test_nothing_of_a_hostile_name_is_obeyed(terminal, scenario, size, speed):
    name = scenario(
        json.dumps(
            {
                "name": HOSTILE,
                "contacts": {"eve": {"firstName": HOSTILE}},
                "steps": [
                    {"emit": "chat.created", "contact": "eve", "channel": "VIBER", "note": HOSTILE},
                    {"wait": "600ms"},
                ],
            }
        )
    )
    screen = terminal("run", name, "--speed", speed, size=size)
    assert screen.end() == 0
    assert "\x1b[2J" not in screen.shown
    assert "\x1b]" not in screen.shown
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]", screen.shown)
    assert {found[0][-1] for found in CONTROL.finditer(screen.shown)} <= OURS
    assert "\x1b" not in CONTROL.sub("", screen.shown)
    assert "␛[2J␛]0;owned␇" in screen.text
    assert "[red]Eve[/red]" in screen.text


def test_no_color_removes_the_colours(terminal):
    screen = terminal("run", "first-contact", "--speed", "max", NO_COLOR="1")
    assert screen.end() == 0
    assert not re.search("\x1b\\[[0-9;]*(3[0-9]|9[0-7]|4[0-9])[0-9;]*m", screen.shown)
    assert screen.text.splitlines()[-1].startswith("PASSED")


def test_a_terminal_that_can_nothing_gets_plain_lines(terminal):
    screen = terminal("run", "first-contact", "--speed", "max", TERM="dumb")
    assert screen.end() == 0
    assert "\x1b" not in screen.shown
    assert screen.text.splitlines()[-1].startswith("PASSED")


@SIZES
def test_a_live_table_follows_a_run_and_is_wiped(terminal, scenario, size):
    name = scenario(
        "name: Live\nretry: {attempts: 2, delays: [1s]}\nsubscriber: {respond: [503, 200]}\n"
        "contacts: {her: {firstName: Олена, lastName: Коваль}}\n"
        "steps: [{emit: chat.created, contact: her, channel: VIBER, note: She writes.}]\n"
    )
    screen = terminal("run", name, size=size)
    screen.until(r"next in (?s:.)*1 .*PENDING")
    assert re.search(FIELDS, screen.text)
    assert re.search(r"chat\.created +VIBER +Олена Коваль +503", screen.text)
    assert re.search("1 PENDING", screen.text)
    assert screen.end() == 0
    assert "» She writes." in screen.text
    # Wiped: after the last of the table its lines are erased, and the summary stands there.
    last = screen.shown.rindex("elapsed")
    assert re.search("(\x1b\\[1A\x1b\\[2K)+", screen.shown[last:])
    summary = CONTROL.sub("", screen.shown[screen.shown.rindex("\x1b[2K") :])
    assert "PENDING" not in summary
    assert "SUCCESS" in summary
    assert "PASSED" in summary
    assert screen.shown.count("\x1b[?25l") == screen.shown.count("\x1b[?25h")  # the cursor is back


@pytest.mark.parametrize("columns", [30, 40, 60])
def test_a_narrow_live_table_keeps_what_matters(terminal, scenario, columns):
    name = scenario(
        "name: Live\nretry: {attempts: 9, delays: [1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 50m]}\n"
        "subscriber: {respond: [500]}\n"
        "contacts: {her: {firstName: Олена, lastName: Коваленко}}\n"
        "steps: [{emit: chat.created, contact: her, channel: VIBER}]\n"
    )
    screen = terminal("run", name, "--speed", "10", size=(columns, 24))
    screen.until(r"next in 4\dm" if columns > 30 else r"1 .*PENDING.*[1-9]\.\ds")
    table = [line for line in screen.text.splitlines() if "VIBER " in line]
    assert fits("\n".join(table), columns)
    if columns > 30:
        assert re.search(r"^VIBER +Олена.* +(… )?(500 · )*500 +.*next in ", table[-1])
    screen.type(b"\x03")
    assert screen.end() == 130
    # One line a row: what is wiped is what was drawn.
    wiped = re.findall("(?:\x1b\\[1A\x1b\\[2K)+", screen.shown)
    assert {len(each) // len("\x1b[1A\x1b[2K") for each in wiped} <= {1, 2, 3}


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_summary_shows_every_attempt_whole(terminal, columns):
    screen = terminal("run", "first-contact", "--speed", "max", size=(columns, 24))
    assert screen.end() == 0
    text = screen.text.replace("\u00a0", " ")
    assert fits(text, columns)
    summary = text[text.rindex("SUCCESS  WHATSAPP") :]
    [tried] = re.findall(r"Елена Петр.*?(503 .*?200 \+\S+)", summary, re.DOTALL)
    assert re.sub(r"[\s·]+", " ", tried) == "503 +0s 503 +1s 200 +3s"


@SIZES
def test_many_deliveries_stay_within_the_screen(terminal, receiving, size):
    receiver = receiving(lambda seen: 503)
    screen = terminal("send", "chat.created", "--count", "60", "--to", receiver.url, size=size)
    screen.until("60 .*PENDING")
    screen.type(b"\x03")
    assert screen.end() == 130
    ups = [
        len(found[0]) // len("\x1b[1A\x1b[2K")
        for found in re.finditer("(?:\x1b\\[1A\x1b\\[2K)+", screen.shown)
    ]
    assert ups
    assert max(ups) < size[1]


@SIZES
def test_ctrl_c_ends_a_run_at_once_and_says_what_is_pending(terminal, receiving, size):
    receiver = receiving(lambda seen: 503)
    screen = terminal(
        "run", "first-contact-viber", "dead-letter", "--to", receiver.url, "--retry", "svix", size=size
    )
    screen.until("next in ")
    began = monotonic()
    screen.type(b"\x03")
    assert screen.end() == 130
    assert monotonic() - began < 5
    told = " ".join(screen.text.split())
    assert "interrupted; still pending: 1 delivery" in told
    assert f"({receiver.seen[0]['X-Wexio-Event-Id']}): attempt 2 due at " in told
    assert "not played: A subscriber that never recovers" in told
    assert "Traceback" not in screen.text
    assert screen.shown.count("\x1b[?25l") == screen.shown.count("\x1b[?25h")


def test_a_request_to_terminate_ends_a_run_likewise(terminal, receiving):
    receiver = receiving(lambda seen: 503)
    screen = terminal("send", "chat.created", "--to", receiver.url)
    screen.until("next in ")
    screen.process.send_signal(signal.SIGTERM)
    assert screen.end() == 143
    assert "still pending" in screen.text


@SIZES
def test_listen_shows_three_lines_of_a_payload(terminal, cli, size):
    screen = terminal("listen", "--port", "0", size=size)
    screen.until(r"Ctrl-C ends it")
    url = re.search(r"http://127\.0\.0\.1:\d+/", screen.text)[0]
    long = f"chat.firstName={HOSTILE}" + "Anna" * 300
    assert cli("send", "chat.created", "--to", url, "--set", long).code == 0
    screen.until("…")
    screen.type(b"\x03")
    assert screen.end() == 130
    assert "\x1b[2J" not in screen.shown
    assert "\x1b]" not in screen.shown
    payload = screen.text[screen.text.index('  {"id"') :].partition("1 request")[0]
    assert len(payload.replace("^C", "").strip("\n").splitlines()) <= 3
    assert fits(screen.text, size[0])
