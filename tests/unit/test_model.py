"""The nouns refuse what cannot work, and say what would."""

import pytest

from sandbox.core.catalogue import is_documented, subscribes
from sandbox.core.errors import UsageError
from sandbox.core.model import Basic, Bearer, Connection, Hmac, url_fault


def connection(**changes):
    return Connection(**{"name": "crm", "url": "http://127.0.0.1:3000/hook"} | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "needs a name"),
        ({"url": "ftp://x/"}, "must begin with http"),
        ({"url": "127.0.0.1:3000"}, "must begin with http"),
        ({"url": "http://"}, "names no host"),
        ({"url": "http://ann:pw@x/"}, "carries a user name"),
        ({"url": "http://x:99999/"}, "port is none"),
        ({"url": "http://x:0/"}, "port 0"),
        ({"url": "http://x/a b"}, "white space"),
        ({"url": "http://a..b/"}, "cannot be looked up"),
        ({"url": f"http://{'a' * 64}.example/"}, "cannot be looked up"),
        ({"url": f"http://{'ö' * 70}.example/"}, "cannot be looked up"),
        ({"url": "http://256.1.1.1/"}, "neither a name nor an IPv4 address"),
        ({"url": "http://127.1/"}, "neither a name nor an IPv4 address"),
        ({"url": "http://x/\udcff"}, "lone surrogate"),
        ({"url": "http://x/\r\nHost: y"}, "white space or control"),
        ({"events": "chat.created"}, r"events=\['chat.created'\]"),
        ({"events": ["chat.create"]}, "no event called"),
        ({"id": "short"}, "24 lower-case hex"),
        ({"concurrency": 0}, "at least 1"),
    ],
)
def test_a_connection_that_cannot_work_is_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        connection(**changes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hmac(""), "not empty"),
        (lambda: Hmac("\ud800"), "lone surrogate"),
        (lambda: Bearer("a\nb"), "control character"),
        (lambda: Basic("a:b", "c"), "colon"),
        (lambda: Basic("", "c"), "not empty"),
    ],
)
def test_a_credential_that_no_header_can_carry_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()


def test_credentials_do_not_show_in_a_repr():
    text = repr([Hmac("s3cret"), Bearer("s3cret"), Basic("ann", "s3cret"), connection(auth=Hmac("s3cret"))])
    assert "s3cret" not in text


@pytest.mark.parametrize(
    ("name", "documented"),
    [("chat.created", True), ("flow", True), ("flow.order.paid-2", True), ("flow.", False), ("chat", False)],
)
def test_the_catalogue_knows_the_documented_names(name, documented):
    assert is_documented(name) is documented


def test_subscriptions_match_exactly_and_only_flow_matches_its_namespace():
    assert subscribes(["chat.created"], "chat.created")
    assert not subscribes(["chat.created"], "chat.created.x")
    assert not subscribes(["chat"], "chat.created")
    assert subscribes(["flow"], "flow.anything")
    assert not subscribes(["flow.a"], "flow.b")
    assert not subscribes(["flow.a"], "flow")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "255.255.255.255:1",
        "[::1]:3000",
        "localhost.",
        "a_b.internal",
        "xn--mnchen-3ya.example",
        "münchen.example",
    ],
)
def test_an_address_that_can_be_looked_up_is_taken(host):
    assert url_fault(f"http://{host}/hook?code=a%2Fb") is None
