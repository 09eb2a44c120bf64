"""Where nothing is ever sent, and how targets are allowed."""

import pytest

from sandbox.core.addresses import Targets, forbidden
from sandbox.core.errors import UsageError


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "::169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "fe80::1",
        "fe80::1%eth0",
        "100.100.100.200",
        "::ffff:100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
    ],
)
def test_metadata_and_link_local_addresses_are_refused_in_every_form(address):
    assert "address" in forbidden(address)
    assert "nothing is sent to" in Targets().refuse("metadata.internal", 80, address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "192.168.1.5",
        "100.100.100.201",
        "8.8.8.8",
        "fd00:ec2::253",
        "2606:4700::1",
    ],
)
def test_other_addresses_are_open(address):
    assert forbidden(address) is None
    assert Targets().refuse("crm.example", 443, address) is None


@pytest.mark.parametrize(
    ("pattern", "host", "port", "address", "open_"),
    [
        ("api.example.com", "API.example.com.", 443, "203.0.113.7", True),
        ("api.example.com", "example.com", 443, "203.0.113.7", False),
        ("*.example.com", "crm.example.com", 443, "203.0.113.7", True),
        ("*.example.com", "crm.example.com.evil.org", 443, "203.0.113.7", False),
        ("10.0.0.0/8", "crm.internal", 80, "10.1.2.3", True),
        ("10.0.0.0/8", "crm.internal", 80, "11.1.2.3", False),
        ("10.0.0.0/8", "crm.internal", 80, "::ffff:10.1.2.3", True),
        ("127.0.0.1", "localhost", 3000, "127.0.0.1", True),
        ("127.0.0.1:3000", "localhost", 3000, "127.0.0.1", True),
        ("127.0.0.1:3000", "localhost", 3001, "127.0.0.1", False),
        ("[::1]:3000", "localhost", 3000, "::1", True),
        ("::1", "localhost", 3000, "::1", True),
        ("localhost:3000", "localhost", 3000, "127.0.0.1", True),
    ],
)
def test_only_what_a_pattern_names_is_allowed(pattern, host, port, address, open_):
    said = Targets.read([pattern]).refuse(host, port, address)
    assert (said is None) == open_
    if said:
        assert pattern in said


def test_no_pattern_opens_what_is_never_open():
    assert Targets.read(["*", "169.254.0.0/16"]).refuse("x", 80, "169.254.169.254")


@pytest.mark.parametrize("text", ["", "http://x", "10.0.0.0/40", "x:0", "x:port", "300.1.1.1", "[::1", "a b"])
def test_what_is_no_pattern_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="is no target: a name"):
        Targets.read([text])
