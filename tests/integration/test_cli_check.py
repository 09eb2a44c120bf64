"""`check` as it is typed: what it prints, writes and ends with."""

import asyncio
import json
import os
import pty
import re
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from xml.etree import ElementTree as ET

import pytest

from sandbox.core.cardbook import BOOK
from tests.integration.conftest import PATIENCE
from tests.integration.test_cli_terminal import COLOUR, terminal  # noqa: F401 - a fixture
from tests.wrongs import WrongConsumer

SECRET = "whsec_of-the-tests"
WITH = ("--secret", SECRET)
RUDE = "\x1b[2J\x1b]0;owned\x07\u202e[red]Eve[/red]\n::error::x"


@contextmanager
def running(consumer):
    """*consumer*, on a loop and a thread of its own."""
    ready, loops = threading.Event(), []
    ending = asyncio.Event()

    async def serve():
        loops.append(asyncio.get_running_loop())
        async with consumer:
            ready.set()
            await ending.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield consumer
    finally:
        loops[0].call_soon_threadsafe(ending.set)
        thread.join(PATIENCE)


@pytest.fixture
def consumer():
    """A consumer with a defect: ``consumer("no_tolerance").url``."""
    with ExitStack() as stack:
        yield lambda defect="", **more: stack.enter_context(running(WrongConsumer(defect, **more)))


def test_a_clean_card_ends_with_0_and_a_line_for_each_check(cli, consumer):
    done = cli("check", "--to", consumer().url, *WITH)
    assert (done.code, done.err) == (0, "")
    lines = [line.split()[:2] for line in done.out.splitlines() if line.startswith("  ")]
    assert [id for _, id in lines] == list(BOOK)
    assert {word for word, _ in lines} == {"passed", "skipped"}
    last = done.out.splitlines()[-1]
    assert re.fullmatch(r"PASSED 1 skipped, 17 passed of 18 checks in [0-9.]+m?s \(\d+ requests\)", last)


def test_what_failed_is_told_with_what_was_sent_and_what_to_change_and_ends_with_1(cli, consumer):
    done = cli("check", "--to", consumer("no_tolerance").url, *WITH)
    assert done.code == 1
    for expected in (
        "failed Rejects a recorded request  rejects-stale-timestamp",
        "  found     it took a signature that is an hour old: answered 200",
        "            curl -i http://127.0.0.1",
        "  answered  200 after ",
        "  why       Whoever has recorded one request",
        "  change    Refuse a t that is more than five minutes",
        "  assumed   The tolerance of five minutes is assumed",
        "  Python    def holds(",
        "  Node      function holds(",
        "warned Rejects a request of the future",
    ):
        assert expected in done.out
    assert done.out.count("def holds(") == 1
    assert done.out.splitlines()[-1].startswith(
        "FAILED 1 failed, 1 warned, 1 skipped, 15 passed of 18 checks"
    )


def test_a_warning_alone_ends_with_0(cli, consumer):
    done = cli("check", "--to", consumer("takes_100_kB").url, *WITH)
    assert done.code == 0
    assert "warned  accepts-large-body" in done.out


def test_nobody_there_is_one_message_and_ends_with_3(cli, receiving):
    receiver = receiving(lambda seen: b"nonsense\r\n\r\n")
    done = cli("check", "--to", receiver.url, *WITH, "--format", "json")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"error: nobody answers at {receiver.url}: protocol")
    assert len(done.err.splitlines()) == 1


def test_a_consumer_that_takes_nothing_is_one_failure_not_twenty(cli, receiving):
    done = cli("check", "--to", receiving(lambda seen: 500).url, *WITH)
    assert done.code == 1
    assert "not one valid delivery is taken: 500" in done.out
    assert "skipped   the 17 other checks: not one valid delivery is taken" in done.out
    assert len(re.findall(r"^  (failed|skipped|passed)", done.out, re.MULTILINE)) == 2


def test_only_and_skip_choose_the_checks(cli, consumer):
    url = consumer().url
    done = cli("check", "--to", url, *WITH, "--only", "dedupes,accepts-retries", "--only", "accepts-unicode",
               "--skip", "dedupes", "--format", "json")  # fmt: skip
    assert [check["id"] for check in done.json[0]["checks"]] == ["accepts-retries", "accepts-unicode"]


def test_json_is_one_object_with_the_promised_fields(cli, consumer):
    done = cli("check", "--to", consumer("never_dedupes").url, *WITH, "--probe", "echo 7", "--format", "json",
               "--only", "dedupes,accepts-retries")  # fmt: skip
    [card] = done.json
    assert done.code == 1
    assert not card["passed"]
    retry, dedupes = card["checks"]
    assert (retry["status"], retry["answered"]["status"], retry["advice"]) == ("passed", 200, None)
    assert dedupes["reason"].startswith("both attempts are taken, but the number did not rise")


def test_a_probe_that_counts_makes_the_idempotency_verdict(cli, consumer, folder):
    counting = consumer()
    inner = counting.take

    def take(event):
        inner(event)
        (folder / "count").write_text(f"{counting.effects}\n")

    counting.take = take
    done = cli("check", "--to", counting.url, *WITH, "--probe", "cat count", "--only", "dedupes")
    assert done.code == 0
    assert "passed  dedupes" in done.out
    assert "rose by exactly one" in done.out


def test_junit_and_the_page_are_written_beside_it(cli, consumer, folder):
    done = cli("check", "--to", consumer("breaks_on_letters").url, *WITH, "--junit", "card.xml", "--report", "card.html")  # fmt: skip
    assert done.code == 1
    suite = ET.parse(folder / "card.xml").getroot()
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("18", "1")
    assert "accepts-unicode" in (folder / "card.html").read_text()


def test_the_page_can_be_all_that_is_printed(cli, consumer):
    done = cli("check", "--to", consumer().url, *WITH, "--format", "html", "--only", "accepts-retries")
    assert done.out.startswith("<!doctype html>\n")
    assert done.out.isascii()
    assert done.err == ""


def test_options_are_variables_too(cli, consumer):
    done = cli("check", "--only", "accepts-retries", env={"to": consumer().url, "secret": SECRET})
    assert done.code == 0


def test_the_configuration_says_what_is_signed_and_how_long_an_attempt_may_take(cli, consumer, folder):
    (folder / "wexio-sandbox.yaml").write_text(
        "profile: {signature: {signed: body}, delivery: {timeout: 7s}}\n"
    )
    done = cli("check", "--to", consumer("signs_the_body_alone").url, *WITH, "--only", "accepts-retries,rejects-stale-timestamp")  # fmt: skip
    assert "an attempt is allowed 7s" in done.out
    assert "no signature covers a time" in done.out
    assert done.code == 0


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_what_a_consumer_says_is_harmless_and_its_secrets_stay_secret(cli, consumer, form, folder):
    rude = consumer("breaks_on_retries")
    inner = rude.receive

    async def receive(request):
        answer = await inner(request)
        if answer.status == 500:
            answer.text = f"{RUDE} {SECRET}"
        return answer

    rude.receive = receive
    done = cli("check", "--to", f"{rude.url}?token=for-nobody", *WITH, "--format", form, "--report", "x.html", "--junit", "x.xml")  # fmt: skip
    assert done.code == 1
    said = done.out + done.err + (folder / "x.html").read_text() + (folder / "x.xml").read_text()
    assert SECRET not in said
    assert "for-nobody" not in said
    for control in ("\x1b", "\x07"):
        assert control not in said
    assert not re.search(r"^::error", done.out + done.err, re.MULTILINE)


# --- on a terminal --------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [60, 100])
def test_on_a_terminal_sentences_fit_and_what_is_to_be_copied_is_whole(terminal, consumer, columns):  # noqa: F811
    screen = terminal("check", "--to", consumer("no_tolerance").url, *WITH, size=(columns, 40))
    assert screen.end() == 1
    assert COLOUR.search(screen.shown)
    lines = [line.rpartition("\r")[2] for line in screen.text.splitlines()]
    marks = [line for line in lines if re.match(r"  [✓✗!-] ", line)]
    assert len(marks) == 18
    copied = re.compile(r"  (Python|Node)  |            ")
    told = [line for line in lines if not copied.match(line)]
    assert max(map(len, told)) <= columns
    assert any(re.fullmatch(r" +--data-binary '\{.*\}'", line) for line in lines)


def test_no_color_removes_the_colours(terminal, consumer):  # noqa: F811
    screen = terminal("check", "--to", consumer().url, *WITH, "--only", "accepts-retries", NO_COLOR="1")
    assert screen.end() == 0
    assert not re.search("\x1b\\[[0-9;]*3[0-9]m", screen.shown)


def test_what_is_being_checked_is_shown_while_json_goes_elsewhere(consumer, folder, environment):
    ours, theirs = pty.openpty()
    arguments = ["--to", consumer().url, *WITH, "--format", "json"]
    with environment({"TERM": "xterm-256color"}):
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", "check", *arguments],
            stdout=subprocess.PIPE,
            stderr=theirs,
            check=False,
        )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "of 18" in shown
    assert done.returncode == 0
    assert json.loads(done.stdout)["passed"]


def test_ids_are_completed(process):
    done = process(
        env={
            "_WEXIO_SANDBOX_COMPLETE": "bash_complete",
            "COMP_WORDS": "wexio-sandbox check --only surv",
            "COMP_CWORD": "3",
        }
    )
    assert set(done.out.split()) == {f"plain,{id}" for id in BOOK if id.startswith("surv")}


def test_ctrl_c_ends_a_check_at_once(terminal, consumer):  # noqa: F811
    screen = terminal("check", "--to", consumer(delay=0.3).url, *WITH)
    screen.until("accepts-each-channel")
    screen.type(b"\x03")
    assert screen.end() == 130
    assert "interrupted" in screen.text
