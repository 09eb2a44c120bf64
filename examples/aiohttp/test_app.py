"""The consumer, tested by itself with single requests, and at work: with a real sender, over a real socket.

Everything is signed with the secret in pytest.ini.
"""

import sqlite3
from collections.abc import Iterator

import pytest
from aiohttp.pytest_plugin import AiohttpClient, AiohttpServer
from app import create_app

from wexio_sandbox_pytest import AsyncWexioSandbox, RequestBuilder

BROKEN = [{"wrong_secret": True}, {"tampered": True}, {"stale": "10m"}]
MALFORMED = ["", "t=,v1=", "t=12", "v1=ab", "t=now,v1=ab", "t=1,t=2,v1=ab", "t=12,v1=\u00fc"]


@pytest.fixture
def secret(pytestconfig: pytest.Config) -> str:
    return pytestconfig.getini("wexio_secret")


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:")
    yield opened
    opened.close()


def leads(database: sqlite3.Connection) -> list[tuple[str, ...]]:
    return database.execute("SELECT chat_id, channel, name FROM leads").fetchall()


# --- single requests ---------------------------------------------------------------------


@pytest.mark.parametrize("broken", BROKEN, ids=str)
async def test_what_wexio_has_not_signed_is_refused(
    aiohttp_client: AiohttpClient,
    database: sqlite3.Connection,
    wexio_request: RequestBuilder,
    secret: str,
    broken: dict[str, object],
) -> None:
    client = await aiohttp_client(create_app(secret, database))
    request = wexio_request(**broken)
    answer = await client.post(request.path, data=request.body, headers=request.headers)
    assert answer.status == 401
    assert leads(database) == []


async def test_one_space_more_is_another_body(
    aiohttp_client: AiohttpClient, database: sqlite3.Connection, wexio_request: RequestBuilder, secret: str
) -> None:
    client = await aiohttp_client(create_app(secret, database))
    request = wexio_request()
    answer = await client.post(request.path, data=request.body + b" ", headers=request.headers)
    assert answer.status == 401


@pytest.mark.parametrize("signature", MALFORMED)
async def test_a_malformed_signature_is_refused(
    aiohttp_client: AiohttpClient,
    database: sqlite3.Connection,
    wexio_request: RequestBuilder,
    secret: str,
    signature: str,
) -> None:
    client = await aiohttp_client(create_app(secret, database))
    request = wexio_request()
    headers = {**request.headers, "X-Wexio-Signature": signature}
    answer = await client.post(request.path, data=request.body, headers=headers)
    assert answer.status == 401


async def test_a_retry_makes_no_second_lead(
    aiohttp_client: AiohttpClient, database: sqlite3.Connection, wexio_request: RequestBuilder, secret: str
) -> None:
    client = await aiohttp_client(create_app(secret, database))
    first = wexio_request()
    for request in (first, first.again()):
        answer = await client.post(request.path, data=request.body, headers=request.headers)
        assert answer.status == 200
    assert len(leads(database)) == 1


# --- at work -----------------------------------------------------------------------------


@pytest.fixture
async def sandbox(
    aiohttp_server: AiohttpServer, database: sqlite3.Connection, wexio_sandbox: AsyncWexioSandbox, secret: str
) -> AsyncWexioSandbox:
    """A sandbox that delivers to the app."""
    server = await aiohttp_server(create_app(secret, database))
    wexio_sandbox.connect(server.make_url("/webhooks/wexio"))
    return wexio_sandbox


@pytest.mark.parametrize("channel", ["WHATSAPP", "TELEGRAM", "VIBER", "INSTAGRAM"])
async def test_a_first_contact_becomes_a_lead(
    sandbox: AsyncWexioSandbox, database: sqlite3.Connection, channel: str
) -> None:
    event = await sandbox.emit(channel=channel, data={"chat": {"firstName": "Олена 🌻"}})
    sandbox.assert_delivered(event, attempts=1)
    assert leads(database) == [(event.data["chat"]["id"], channel, "Олена 🌻")]


async def test_a_lead_is_not_lost_while_the_database_is_locked(
    sandbox: AsyncWexioSandbox, database: sqlite3.Connection
) -> None:
    database.execute("PRAGMA query_only = ON")
    event = await sandbox.emit()
    assert leads(database) == []
    database.execute("PRAGMA query_only = OFF")
    await sandbox.advance("1h")
    sandbox.assert_delivered(event, attempts=2)
    assert len(leads(database)) == 1


async def test_the_first_contacts_of_a_morning_all_become_leads(
    sandbox: AsyncWexioSandbox, database: sqlite3.Connection
) -> None:
    verdict = await sandbox.play("first-contact")
    assert verdict.passed
    assert len(leads(database)) == 4


def test_without_a_secret_there_is_no_app(database: sqlite3.Connection) -> None:
    with pytest.raises(ValueError, match="anybody could sign"):
        create_app("", database)
