"""Who may come in: token, Host, Origin; and the headers that every answer carries.

A page of somebody else in the user's browser must not reach a sandbox on localhost,
neither directly (Origin) nor under a name of its own that suddenly means 127.0.0.1
(Host).  Where a token is asked for, it keeps them out, and any name may be used.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from hashlib import sha256
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.web.options import Options
from sandbox.web.problem import Refused
from sandbox.web.routes import PREFIX, Call, Route

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STRICT: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_OF_PAGES: Final = f"{_STRICT}; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'"
_HEADERS: Final = {
    "Server": "wexio-sandbox",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_READING: Final = ("GET", "HEAD")


async def secure(request: web.Request, response: web.StreamResponse) -> None:
    """Give every answer its headers."""
    dress(response, kept=request.path.startswith("/static/"))


def dress(response: web.StreamResponse, *, kept: bool = False) -> None:
    """Give one answer its headers; *kept*: it may be, by whoever receives it."""
    response.headers.update(_HEADERS)
    page = response.content_type == "text/html"
    response.headers["Content-Security-Policy"] = _OF_PAGES if page else _STRICT
    if not kept:
        response.headers["Cache-Control"] = "no-store"


class Guard:
    """Lets a request in, or refuses it.  *is_open* says which paths ask for no token."""

    def __init__(self, options: Options, *, is_open: Callable[[str], bool]) -> None:
        self._token = None if options.token is None else options.token.encode()
        self._names = {_name_of(name) for name in options.allow_hosts}
        self._is_open = is_open
        if self._token is not None:
            # Made from the token, so that it outlives this process, and does not give it away.
            self._session = hmac.digest(self._token, b"wexio-sandbox session", "sha256").hex()
            # Cookies do not know ports: two sandboxes of one machine must not take each other's.
            self._cookie = f"wexio_sandbox_{sha256(self._session.encode()).hexdigest()[:8]}"

    @web.middleware
    async def middleware(self, request: web.Request, handler: Next) -> web.StreamResponse:
        self._check_origin(request)
        if self._token is None:
            self._check_host(request)
        elif not self._is_open(request.path) and not self.knows(request):
            raise Refused(
                401,
                "a token is needed: Authorization: Bearer …, or open the page by the address with #token=…",
                headers={"WWW-Authenticate": 'Bearer realm="wexio-sandbox"'},
            )
        return await handler(request)

    @property
    def asks(self) -> bool:
        """Whether there is a token."""
        return self._token is not None

    def knows(self, request: web.Request) -> bool:
        """Whether the request carries the token, or the cookie that was given for it."""
        return self._token is None or self._bears(request) or self._has_session(request)

    def _bears(self, request: web.Request) -> bool:
        assert self._token is not None
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        # Compared whether or not the scheme is right, and as bytes, whatever they hold.
        same = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), self._token)
        return same and scheme.lower() == "bearer"

    def _has_session(self, request: web.Request) -> bool:
        given = request.cookies.get(self._cookie, "")
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._session.encode())

    # --- the page's session --------------------------------------------------------

    def begin(self, request: web.Request) -> web.Response:
        """The cookie, for whoever has the token."""
        response = web.Response(status=204)
        if self._token is not None:
            if not self._bears(request):
                raise Refused(401, "the token is sent as Authorization: Bearer, and exchanged for a cookie")
            secure_only = request.headers.get("Origin", "").startswith("https://")
            response.set_cookie(
                self._cookie, self._session, path="/", httponly=True, samesite="Strict", secure=secure_only
            )
        return response

    def end(self) -> web.Response:
        """The cookie is taken back."""
        response = web.Response(status=204)
        if self._token is not None:
            response.del_cookie(self._cookie, path="/", httponly=True, samesite="Strict")
        return response

    # --- where from ------------------------------------------------------------------

    def _check_host(self, request: web.Request) -> None:
        hosts = request.headers.getall("Host", [])
        name = _name_of(hosts[0]) if len(hosts) == 1 else None
        if name is None or not (name in self._names or _is_loopback(name)):
            raise Refused(
                403,
                "this sandbox is reached as localhost: name others with --allow-host, or ask for a token",
            )

    def _check_origin(self, request: web.Request) -> None:
        origins = request.headers.getall("Origin", [])
        for origin in origins:
            scheme, _, rest = origin.lower().partition("://")
            there = _authority(scheme, rest)
            if there is None or there != _authority(scheme, request.headers.get("Host", "")):
                raise Refused(403, "the request comes from a page of somebody else (its Origin is foreign)")
        site = request.headers.get("Sec-Fetch-Site", "")
        if not origins and site in ("cross-site", "same-site") and request.method not in _READING:
            raise Refused(403, "the request comes from a page of somebody else")


def _authority(scheme: str, text: str) -> tuple[str, int] | None:
    """Host and port, the scheme's own where none is named; None for what is neither."""
    if scheme not in _DEFAULT_PORTS or not text or any(mark in text for mark in "/?#@\\ "):
        return None
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    return parts.hostname.rstrip(".").lower(), _DEFAULT_PORTS[scheme] if port is None else port


def _name_of(host: str) -> str | None:
    found = _authority("http", host)
    return None if found is None else found[0]


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


GUARD: Final = web.AppKey("guard", Guard)


async def begin_session(call: Call) -> web.StreamResponse:
    return call.request.app[GUARD].begin(call.request)


async def end_session(call: Call) -> web.StreamResponse:
    return call.request.app[GUARD].end()


ROUTES = (
    Route(
        method="POST",
        path=f"{PREFIX}/session",
        handler=begin_session,
        tag="Operation",
        summary="Exchange the token for a cookie",
        says="HttpOnly and SameSite=Strict: what the page does, so that no address holds the token.",
        answers={204: None},
    ),
    Route(
        method="DELETE",
        path=f"{PREFIX}/session",
        handler=end_session,
        tag="Operation",
        summary="Give the cookie back",
        answers={204: None},
    ),
)
