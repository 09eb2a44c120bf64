"""Where the sandbox may send: everywhere, except where machines keep their secrets.

A sandbox delivers wherever it is told to, also by a scenario that somebody else wrote.
Link-local and cloud metadata addresses are refused always, judged on the address that
is connected to and in every form in which IPv6 can carry it.  An operator can name the
only targets that are allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, Self

from sandbox.core.errors import UsageError

Address = IPv4Address | IPv6Address

_FORBIDDEN: Final[tuple[tuple[IPv4Network | IPv6Network, str], ...]] = (
    (IPv4Network("169.254.0.0/16"), "a link-local address, where clouds keep their metadata"),
    (IPv6Network("fe80::/10"), "a link-local address"),
    (IPv4Network("100.100.100.200/32"), "a cloud's metadata address"),
    (IPv4Network("192.0.0.192/32"), "a cloud's metadata address"),
    (IPv4Network("168.63.129.16/32"), "a cloud's metadata address"),
    (IPv6Network("fd00:ec2::254/128"), "a cloud's metadata address"),
    (IPv6Network("fd20:ce::254/128"), "a cloud's metadata address"),
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = IPv6Network("::/96")  # deprecated, and still routed by some
_NAME: Final = re.compile(r"[A-Za-z0-9*?._-]+")


def forbidden(address: str) -> str | None:
    """Why nothing is ever sent to *address* (of an interface or not), or None."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    for form in _forms(parsed):
        for network, says in _FORBIDDEN:
            if form.version == network.version and form in network:
                return says
    return None


def _forms(address: Address) -> Iterable[Address]:
    """The address, and the IPv4 address that it carries inside."""
    yield address
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64 or address in _COMPATIBLE:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class _Pattern:
    text: str
    network: IPv4Network | IPv6Network | None
    name: str
    port: int | None

    @classmethod
    def read(cls, text: str) -> Self:
        """``api.example.com``, ``*.example.com``, ``10.0.0.0/8``, ``[::1]``, each with ``:port`` or without."""
        host, port = text.strip(), None
        inside = re.fullmatch(r"\[(.+)\](?::(\d+))?", host)
        if inside:
            host, port = inside[1], inside[2]
        elif host.count(":") == 1:
            host, _, port = host.partition(":")
        number = int(port) if port and port.isdigit() and 0 < int(port) < 65_536 else None
        if (port is not None and number is None) or not host:
            raise _no_pattern(text)
        try:
            return cls(text, ip_network(host, strict=False), "", number)
        except ValueError:
            if not _NAME.fullmatch(host) or re.fullmatch(r"[\d.]+", host):
                raise _no_pattern(text) from None
        return cls(text, None, host.lower().rstrip("."), number)

    def takes(self, host: str, port: int, address: str) -> bool:
        if self.port not in (None, port):
            return False
        if self.network is None:
            return fnmatchcase(host.lower().rstrip("."), self.name)
        forms = _forms(ip_address(address.partition("%")[0]))
        return any(form.version == self.network.version and form in self.network for form in forms)


def _no_pattern(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is no target: a name (api.example.com, *.example.com), an address or a network "
        "(10.0.0.0/8), each with :port or without, is"
    )


@dataclass(frozen=True, slots=True)
class Targets:
    """Who may be sent to: those that one of the patterns names, or everybody where there are none."""

    patterns: tuple[_Pattern, ...] = ()

    @classmethod
    def read(cls, texts: Iterable[str]) -> Self:
        """From ``--allow-target``.  Raises `UsageError`."""
        return cls(tuple(_Pattern.read(text) for text in texts))

    def refuse(self, host: str, port: int, address: str) -> str | None:
        """Why nothing is sent to *address*, reached as *host* and *port*; None where it may be."""
        if says := forbidden(address):
            return f"nothing is sent to {address}: {says}"
        if self.patterns and not any(pattern.takes(host, port, address) for pattern in self.patterns):
            allowed = ", ".join(pattern.text for pattern in self.patterns)
            return f"{host} ({address}, port {port}) is not among the allowed targets: {allowed}"
        return None
