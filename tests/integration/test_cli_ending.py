"""Being interrupted, in the middle of whatever."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading

import pytest

from sandbox.cli.ending import run_until_interrupted
from tests.integration.conftest import PATIENCE

STUBBORN = """
import asyncio
from sandbox.cli.ending import run_until_interrupted

async def work():
    while True:
        try:
            print("working", flush=True)
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            print("not yet", flush=True)

run_until_interrupted(work(), lambda: None)
"""

HELD_BY_A_THREAD = """
import asyncio, threading
from sandbox.cli.ending import run_until_interrupted

def look_up():
    print("looking up", flush=True)
    threading.Event().wait()

run_until_interrupted(asyncio.to_thread(look_up), lambda: print("said what was pending"))
"""

WITHOUT_UVLOOP = """
import sys
sys.modules["uvloop"] = None
from sandbox.cli import main
main(["send", "chat.created", "--speed", "max"])
"""


def program(source):
    return subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_what_the_first_did_not(number):
    with program(STUBBORN) as running:
        assert running.stdout.readline() == "working\n"
        running.send_signal(signal.SIGINT)
        assert running.stdout.readline() == "not yet\n"
        running.send_signal(number)
        assert running.wait(PATIENCE) == 128 + number
        assert running.stderr.read() == ""


def test_a_name_that_is_being_looked_up_holds_nobody():
    with program(HELD_BY_A_THREAD) as running:
        assert running.stdout.readline() == "looking up\n"
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == 130
        assert running.stdout.read() == "said what was pending\n"
        assert running.stderr.read() == ""


def test_without_uvloop_python_s_own_loop_serves(folder):
    with program(WITHOUT_UVLOOP) as running:
        out, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    assert "PASSED 1 delivery" in out


def test_a_file_that_is_still_being_read_is_let_go(folder):
    os.mkfifo(folder / "slow.yaml")
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", "run", "slow.yaml"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        with (folder / "slow.yaml").open("w"):  # opens as soon as it is being read
            running.send_signal(signal.SIGINT)
            assert running.wait(PATIENCE) == 130
        assert running.stdout.read() == ""
        assert running.stderr.read().strip() == "interrupted"


def test_garbage_is_collected_as_before_when_the_work_has_ended():
    before = gc.get_threshold(), gc.get_freeze_count()

    async def work():
        return gc.get_threshold(), gc.get_freeze_count()

    (threshold, *_), frozen = run_until_interrupted(work(), lambda: None)
    assert threshold > before[0][0]
    assert frozen > before[1]
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_work_that_cancels_itself_was_not_interrupted():
    async def work():
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run_until_interrupted(work(), lambda: pytest.fail("nobody interrupted"))


def test_on_a_thread_that_gets_no_signals_the_work_is_done_all_the_same():
    async def work():
        return 7

    results = []
    thread = threading.Thread(target=lambda: results.append(run_until_interrupted(work(), lambda: None)))
    thread.start()
    thread.join(PATIENCE)
    assert results == [7]
