"""The report card of right consumers, written with other libraries: clean, also by what they count."""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from sandbox.core.cardbook import BOOK

pytestmark = pytest.mark.usefixtures("express_modules")


@asynccontextmanager
async def counted(consumer):
    """Where a GET says how many events *consumer* has taken."""

    async def answer(request):
        taken = [line for line in consumer.lines if line["status"] == 200 and not line["duplicate"]]
        return web.Response(text=str(len(taken)))

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def check(consumer, *arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "check", "--to", consumer.url, "--secret", consumer.secret, *arguments,
        "--format", "json", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("WEXIO_")},
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, json.loads(out), err.decode()


async def test_a_right_consumer_has_a_clean_card_and_takes_each_event_once(consumer):
    async with counted(consumer) as url:
        code, card, err = await check(consumer, "--probe", url)
    assert {item["id"]: item["status"] for item in card["checks"]} == dict.fromkeys(BOOK, "passed"), card
    assert (code, card["passed"], err) == (0, True, "")


async def test_it_can_be_examined_twice(consumer):
    for _ in range(2):
        code, card, _ = await check(consumer, "--only", "accepts-retries,dedupes,survives-disorder")
        assert (code, [item["status"] for item in card["checks"]]) == (0, ["passed", "skipped", "passed"])


async def test_no_request_of_a_check_is_left_unanswered(consumer):
    _, card, _ = await check(consumer)
    assert len(consumer.wait_for(card["requests"])) == card["requests"]
    assert {line["status"] for line in consumer.lines} == {200, 400, 401}


@pytest.mark.parametrize("fail_first", [1])
async def test_a_consumer_that_refuses_everything_at_first_is_not_steady(consumer):
    code, card, _ = await check(consumer, "--only", "accepts-each-channel")
    assert code == 1
    assert card["checks"][0]["reason"] == "not one valid delivery is taken: 503"
