"""The transport asks about each address before it connects; nothing here leaves this machine."""

import socket
from contextlib import asynccontextmanager

import pytest
from yarl import URL

from sandbox.core.addresses import Targets
from sandbox.transport import HttpTransport, _Aim, _aim
from tests.integration.test_transport import AMPLE, Here, post
from tests.receiver import Receiver


@asynccontextmanager
async def transport(*patterns, resolver=None):
    made = HttpTransport(targets=Targets.read(patterns), resolver=resolver)
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("pattern", "host", "taken"),
    [
        ("127.0.0.0/8", "127.0.0.1", True),
        ("10.0.0.0/8", "127.0.0.1", False),
        ("crm.example", "crm.example", True),
        ("crm.example", "evil.example", False),
        ("*.example:1", "crm.example", False),
        ("crm.example", "127.0.0.1", False),
    ],
)
async def test_only_allowed_targets_are_connected_to(pattern, host, taken):
    async with Receiver() as receiver, transport(pattern, resolver=Here()) as made:
        exchange = await made.send(post(f"http://{host}:{receiver.port}/hook"), timeout=AMPLE)
        assert (receiver.connections == 1) == taken
        if not taken:
            assert exchange.outcome.type == "blocked"
            assert f"is not among the allowed targets: {pattern}" in exchange.outcome.message
            assert host in exchange.outcome.message


@pytest.mark.parametrize("patterns", [(), ("*",), ("169.254.0.0/16",)])
@pytest.mark.parametrize(
    ("family", "place"),
    [
        (socket.AF_INET, ("169.254.169.254", 80)),
        (socket.AF_INET6, ("::ffff:169.254.169.254", 80, 0, 0)),
        (socket.AF_INET, ("100.100.100.200", 80)),
        (socket.AF_INET6, ("fd00:ec2::254", 80, 0, 0)),
        (socket.AF_INET6, ("fe80::1", 80, 0, 1)),
    ],
)
async def test_no_socket_is_made_for_a_metadata_address(patterns, family, place):
    async with transport(*patterns) as made:
        aim = _Aim(URL("http://metadata.example/"))
        _aim.set(aim)
        with pytest.raises(ConnectionRefusedError, match="nothing is sent to"):
            made._socket((family, socket.SOCK_STREAM, 0, "", place))
        assert "nothing is sent to" in aim.refused


async def test_the_client_makes_its_sockets_nowhere_else():
    """Were the factory passed by, the test above would say nothing about a request."""
    asked = []

    class Watched(HttpTransport):
        def _socket(self, address):
            asked.append(address[4][0])
            return super()._socket(address)

    made = Watched(resolver=Here())
    async with Receiver() as receiver:
        for host in ("127.0.0.1", "crm.example"):
            await made.send(post(f"http://{host}:{receiver.port}/hook"), timeout=AMPLE)
        assert receiver.connections == 2
    await made.close()
    assert asked == ["127.0.0.1", "127.0.0.1"]
