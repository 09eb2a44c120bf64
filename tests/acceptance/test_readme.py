"""README is true: its examples work as they are written, and nothing that can be used is missing from it."""

import asyncio
import hashlib
import hmac
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import click
import pytest
import yaml

import sandbox
from sandbox.cli import COMMANDS, commands
from sandbox.core.catalogue import CHANNELS
from sandbox.core.configfile import parse_config
from sandbox.core.errors import SandboxError
from sandbox.core.faults import KINDS, Fault, arguments
from sandbox.core.model import ErrorType
from sandbox.core.parse import read_scenario
from sandbox.core.profile import HEADERS, Profile, in_words
from sandbox.core.retry import PRESET_NAMES, preset
from sandbox.core.shapes import (
    STEP_KINDS,
    ConnectionShape,
    ContactShape,
    EmitShape,
    ExpectationShape,
    OutageShape,
    RepeatShape,
    RetryShape,
    ScenarioShape,
    SubscriberShape,
)
from sandbox.core.signing import sign
from sandbox.files import shipped_scenarios
from sandbox.settings import OPTIONS, flag_of
from tests.acceptance.conftest import missing
from tests.acceptance.server import served
from tests.receiver import Receiver

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TARGET = "http://127.0.0.1:3000/webhooks/wexio"


def blocks(language):
    """The code blocks in *language*."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def command_lines():
    """What stands behind a prompt."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


# --- examples ---------------------------------------------------------------------------

RUNNABLE = [
    line for line in command_lines()
    if line.startswith("wexio-sandbox") and not re.match(r"wexio-sandbox (listen|serve|verify|check)", line)
]  # fmt: skip


def test_the_quick_start_is_two_commands():
    assert command_lines()[:2] == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{target}:" in makefile for target in ("demo", "test"))


@pytest.mark.parametrize("line", RUNNABLE)
async def test_a_command_works_as_it_is_written(line, tmp_path):
    async with Receiver() as receiver:
        arguments = shlex.split(line.replace(TARGET, receiver.url))[1:]
        if "sales-demo" in arguments:  # a minute long, for people
            arguments += ["--speed", "max"]
        if serves := arguments[0] == "serve":  # goes on until it is asked to stop
            arguments += ["--port", "0"]
        (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sandbox", *arguments, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        if serves:
            assert await process.stdout.readline() != b""
            process.terminate()
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    assert bool(receiver.seen) == (TARGET in line)


SECRET, BODY = "whsec_test", '{"name":"Zoë"}'.encode()


def signatures():
    """Good ones, and the bad ones by what is wrong with them: made when they are needed, since they age."""
    now, secret = int(time.time()), SECRET.encode()
    good, other = sign(secret, now, BODY), sign(b"whsec_other", now, BODY)
    digest = f",{good.partition(',')[2]}"
    return [good, other + digest, good + other.removeprefix(f"t={now}")], {
        "another secret": other,
        "another body": sign(secret, now, BODY + b" "),
        "too old": sign(secret, now - 3600, BODY),
        "too early": sign(secret, now + 3600, BODY),
        "no header": None,
        "empty": "",
        "no digest": f"t={now}",
        "no time": digest[1:],
        "no number": f"t=soon{digest}",
        "no digits": f"t={now},v1=not-hex",
    }


def test_the_python_that_checks_signatures_is_right():
    [source] = [block for block in blocks("python") if "def holds" in block]
    namespace = {}
    exec(compile(source, "README.md", "exec"), namespace)
    good, bad = signatures()
    assert [header for header in good if not namespace["holds"](header, BODY, SECRET)] == []
    assert [why for why, header in bad.items() if namespace["holds"](header, BODY, SECRET)] == []


def test_the_javascript_that_checks_signatures_is_right():
    node = shutil.which("node")
    if node is None:
        missing("Node is not installed")
    [source] = blocks("js")
    good, bad = signatures()
    cases = [*good, *bad.values()]
    script = (
        f"{source}\nconst body = Buffer.from({BODY.decode()!r});\n"
        f"console.log(JSON.stringify({json.dumps(cases)}.map((header) => holds(header, body, '{SECRET}'))));"
    )
    result = subprocess.run([node, "-e", script], capture_output=True, check=True, text=True)
    assert json.loads(result.stdout) == [True] * len(good) + [False] * len(bad)


def test_verify_prints_what_readme_shows(tmp_path):
    [block] = [block for block in blocks("console") if "wexio-sandbox verify" in block]
    writing, command, *shown = block.splitlines()
    subprocess.run(["sh", "-c", writing.removeprefix("$ ")], cwd=tmp_path, check=True)
    arguments = shlex.split(command)[2:]
    process = subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, check=False, text=True, encoding="utf-8",
    )  # fmt: skip
    assert (process.returncode, process.stdout.splitlines()) == (1, shown)


def test_the_python_that_explains_a_signature_runs(capsys):
    [source] = [block for block in blocks("python") if "explain_signature(" in block]
    exec(compile(source, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("not valid (malformed): ")


async def test_the_python_example_runs():
    [source] = [block for block in blocks("python") if "Sandbox(" in block]
    async with Receiver() as receiver:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            source.replace(TARGET, receiver.url),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
    assert out.decode() == "SUCCESS 1\n"
    [seen] = receiver.seen
    moment = seen["X-Wexio-Signature"].split(",")[0].removeprefix("t=").encode()
    assert (
        hmac.new(b"whsec_test", moment + b"." + seen.body, hashlib.sha256).hexdigest()
        in seen["X-Wexio-Signature"]
    )


def test_the_scenario_has_no_problem_and_shows_everything_that_a_scenario_can_say():
    [text] = [block for block in blocks("yaml") if "steps:" in block]
    assert read_scenario(text, environ={}).problems == ()
    for shape in (
        ScenarioShape,
        ConnectionShape,
        SubscriberShape,
        OutageShape,
        RepeatShape,
        ExpectationShape,
    ):
        for name, item in shape.model_fields.items():
            assert re.search(rf"\b{item.alias or name}:", text), f"{shape.__name__} takes {name}"
    assert all(f"- {kind}:" in text for kind in STEP_KINDS)
    for name in (*EmitShape.model_fields, *ContactShape.model_fields):
        assert re.search(rf"\b{name}\b", README), name
    for channel in CHANNELS:
        assert channel in text


def test_the_compose_file_says_what_serve_and_the_image_understand():
    from sandbox.core.operating import READERS
    from sandbox.serving import read_serve_settings

    [text] = [block for block in blocks("yaml") if "services:" in block]
    document = yaml.safe_load(text)
    [service] = document["services"].values()
    said = service["environment"]
    assert set(said) <= {f"WEXIO_SANDBOX_{name.upper()}" for name in READERS}
    settings = read_serve_settings({}, said | {"WEXIO_SANDBOX_TOKEN": ""}, {})
    assert (settings.token, settings.log_format, len(settings.allow_target)) == (None, "json", 2)
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    [volume] = document["volumes"]
    assert f"{volume}:/data" in service["volumes"]
    assert 'VOLUME ["/data"]' in dockerfile
    assert "./scenarios:/scenarios:ro" in service["volumes"]
    assert "WORKDIR /scenarios" in dockerfile
    assert service["ports"] == ["8420:8420"]


def test_what_is_said_for_any_language_works_word_for_word(tmp_path):
    curl = shutil.which("curl")
    if curl is None:
        missing("curl is not installed")
    [script] = [block for block in blocks("sh") if "curl" in block]
    with served(tmp_path) as server:
        script = script.replace("localhost:8420", server.url.removeprefix("http://"))
        script = script.replace(TARGET, server.call("GET", "/subscriber")[1]["url"])
        result = subprocess.run(
            ["sh", "-ec", script], capture_output=True, check=False, text=True, encoding="utf-8"
        )
    assert result.returncode == 0, result.stdout + result.stderr
    assert '{"deliveries":{"SUCCESS":1}}' in result.stdout
    assert result.stdout.count('"kind":"settled"') == 1


def test_a_backup_as_readme_says_it_holds_everything(tmp_path):
    program = shutil.which("sqlite3")
    [script] = [block for block in blocks("sh") if ".backup" in block]
    copying, restoring = script.splitlines()
    with served(tmp_path) as server:
        assert server.call("POST", "/connections", {"name": "crm", "url": "http://127.0.0.1:9/"})[0] == 201
        if program is not None:
            subprocess.run(["sh", "-ec", copying], cwd=tmp_path, check=True)
        else:  # what README says for containers, where there is no such program either
            [there] = re.findall(r'python -c "(import sqlite3;[^"]+)"', README)
            there = there.replace("/data/sandbox.db", ".wexio-sandbox/sandbox.db").replace("/data/", "")
            subprocess.run([sys.executable, "-c", there], cwd=tmp_path, check=True)
        server.process.kill()
        server.process.wait()
    subprocess.run(["sh", "-ec", restoring], cwd=tmp_path, check=True)
    with served(tmp_path) as server:
        [connection] = server.call("GET", "/connections")[1]["items"]
        assert connection["name"] == "crm"


def test_the_retry_policy_is_one_and_shows_every_key():
    [text] = [block for block in blocks("yaml") if block.startswith("retry:")]
    assert read_scenario(f"name: x\n{text}steps: [{{emit: chat.created}}]").problems == ()
    assert all(f"{name}:" in text for name in RetryShape.model_fields)


def test_the_configuration_can_be_read():
    [text] = [block for block in blocks("yaml") if block.startswith("profile:")]
    config = parse_config(text, file="README.md", environ={})
    assert len(config.connections) == 1
    assert config.profile.delivery.attempts == 3
    assert set(yaml.safe_load(text)) == {"profile", "retry", "connections", "server"}


# --- nothing is missing -------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_its_options_are_in_readme(name):
    command = commands.get_command(click.Context(commands), name)
    assert f"| `{name}" in README
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert [option for option in parameter.opts if f"`{option}" not in README] == []


@pytest.mark.parametrize("name", OPTIONS)
def test_every_delivery_option_is_in_readme(name):
    assert f"`{flag_of(name)}" in README


def test_every_shipped_scenario_is_in_readme():
    for name in shipped_scenarios():
        channel = name.removeprefix("first-contact")
        assert f"`{name}`" in README or f"`{channel}`" in README, name


def test_every_header_error_and_exit_code_is_in_readme():
    assert [name for name in HEADERS if f"| `{name}` |" not in README] == []
    assert [name for name in ErrorType.__args__ if f"`{name}`" not in README] == []
    codes = {0, 130, *(kind.exit_code for kind in (SandboxError, *_below(SandboxError)))}
    assert [code for code in codes if f"| `{code}` |" not in README] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_is_in_readme_with_all_that_it_takes_and_its_defaults(kind):
    [row] = [line for line in README.splitlines() if line.startswith(f"| `{kind}` |")]
    own = [name for name in arguments(kind) if name not in ("attempt", "chance")]
    assert all(f"`{name}` (" in row for name in own)
    shown = Fault(do=kind).json()
    assert all(str(shown[name]) in row for name in own)


def test_every_route_of_the_server_is_in_readme():
    from sandbox.web.api import ROUTES
    from sandbox.web.routes import PREFIX

    calls = [f"`{route.method} {route.path.removeprefix(PREFIX)}`" for route in ROUTES]
    assert [call for call in calls if call not in README] == []


def _below(kind):
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def test_every_preset_is_in_readme_with_its_numbers():
    for name in PRESET_NAMES:
        policy = preset(name, Profile())
        row = next(
            line for line in README.splitlines() if line.startswith(f"| `{name}`") and line.endswith("s |")
        )
        _, attempts, delays, timeout = (cell.strip() for cell in row.strip("|").split("|"))
        assert attempts == str(policy.attempts)
        assert delays == in_words(policy.delays).strip("[]")
        assert timeout == in_words(policy.timeout)


def test_the_table_of_assumptions_is_the_profile():
    table = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| `(.*?)` \| (.*?) \| (\w+) \|$", README, re.MULTILINE)
    assert table == [
        (fact.path, in_words(fact.value), fact.says, str(fact.standing)) for fact in Profile().facts()
    ]
    assert len(table) == sum(len(fields(getattr(Profile(), section.name))) for section in fields(Profile()))


def test_the_picture_is_there_and_of_the_shipped_scenario():
    [path] = re.findall(r"!\[.*?\]\((.*?\.svg)\)", README)
    picture = (ROOT / path).read_text(encoding="utf-8").replace("&#160;", " ")
    for words in (
        "run first-contact",
        "Alex Stone",
        "Олена Коваленко",
        "Елена Петрова",
        "María Ortega",
        "PASSED",
        "503",
    ):
        assert words in picture


def test_every_link_leads_somewhere():
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in README.splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_every_public_name_can_be_had():
    assert all(hasattr(sandbox, name) for name in sandbox.__all__)
