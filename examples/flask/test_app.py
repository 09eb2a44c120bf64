"""The consumer, tested with requests as Wexio sends them: no network, no server.

They are signed with the secret in pytest.ini.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from app import create_app

from wexio_sandbox_pytest import RequestBuilder, WebhookRequest

Receive = Callable[..., int]


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "leads.db")


@pytest.fixture
def receive(database: str, pytestconfig: pytest.Config) -> Receive:
    """Hand a request over; the status of the answer."""
    client = create_app(pytestconfig.getini("wexio_secret"), database).test_client()

    def post(request: WebhookRequest, *, body: bytes | None = None, signature: str | None = None) -> int:
        headers = (
            request.headers if signature is None else {**request.headers, "X-Wexio-Signature": signature}
        )
        data = request.body if body is None else body
        return client.open(request.path, method=request.method, headers=headers, data=data).status_code

    return post


def leads(database: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(database)) as opened:
        return opened.execute("SELECT chat_id, channel, name FROM leads").fetchall()


@pytest.mark.parametrize("channel", ["WHATSAPP", "TELEGRAM", "VIBER", "INSTAGRAM"])
def test_a_first_contact_becomes_a_lead(
    receive: Receive, database: str, wexio_request: RequestBuilder, channel: str
) -> None:
    request = wexio_request(channel=channel, data={"chat": {"firstName": "Олена 🌻"}})
    assert receive(request) == 200
    assert leads(database) == [(request.event.data["chat"]["id"], channel, "Олена 🌻")]


def test_a_retry_makes_no_second_lead(receive: Receive, database: str, wexio_request: RequestBuilder) -> None:
    request = wexio_request()
    assert [receive(request), receive(request.again())] == [200, 200]
    assert len(leads(database)) == 1


def test_a_chat_without_a_contact_is_taken(receive: Receive, wexio_request: RequestBuilder) -> None:
    assert receive(wexio_request(contact="none")) == 200


@pytest.mark.parametrize("broken", [{"wrong_secret": True}, {"tampered": True}, {"stale": "10m"}], ids=str)
def test_what_wexio_has_not_signed_is_refused(
    receive: Receive, database: str, wexio_request: RequestBuilder, broken: dict[str, object]
) -> None:
    assert receive(wexio_request(**broken)) == 401
    assert leads(database) == []


def test_one_space_more_is_another_body(receive: Receive, wexio_request: RequestBuilder) -> None:
    request = wexio_request()
    assert receive(request, body=request.body + b" ") == 401


@pytest.mark.parametrize(
    "signature", ["", "t=,v1=", "t=12", "v1=ab", "t=now,v1=ab", "t=1,t=2,v1=ab", "t=12,v1=\u00fc"]
)
def test_a_malformed_signature_is_refused(
    receive: Receive, wexio_request: RequestBuilder, signature: str
) -> None:
    assert receive(wexio_request(), signature=signature) == 401


def test_without_a_secret_there_is_no_app(database: str) -> None:
    with pytest.raises(ValueError, match="anybody could sign"):
        create_app("", database)
