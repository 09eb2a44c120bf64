"""Who may come in, and how much of the server's time and memory anybody can take."""

import asyncio
import json
import logging
import select
import socket
from contextlib import closing, suppress

import pytest

from tests.web import serving

TOKEN = "a-token-of-33-characters-or-so-0123"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
EVENT = {"event": "chat.created"}


@pytest.fixture
async def guarded():
    async with serving(token=TOKEN) as client:
        yield client


async def raw(api, text, *, timeout=5.0):
    """Send *text* over a connection of its own, and read whatever comes until the server closes it."""
    port = int(api.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(text if isinstance(text, bytes) else text.encode())
        return (await asyncio.wait_for(reader.read(), timeout)).decode()
    finally:
        writer.close()


# --- the token -------------------------------------------------------------------------------

CALLS = [
    "/connections",
    "/deliveries",
    "/journal",
    "/stats",
    "//metrics",
    "//docs",
    "//openapi.json",
    "/nothing",
]


@pytest.mark.parametrize("path", CALLS)
async def test_without_the_token_nothing_is_told(guarded, path):
    answer = await guarded.get(path)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await guarded.get(path, headers=BEARER)).status in (200, 404)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer é",
        "bearer x y",
    ],
    ids=ascii,
)
async def test_another_token_does_not_do(guarded, header):
    assert (await guarded.post("/events", EVENT, headers={"Authorization": header})).status == 401
    assert guarded.workspace.asked == []


@pytest.mark.parametrize("header", [f"bearer {TOKEN}", f"BEARER  {TOKEN} "])
async def test_the_scheme_may_be_written_in_any_case(guarded, header):
    assert (await guarded.get("/clock", headers={"Authorization": header})).status == 200


@pytest.mark.parametrize("path", ["//healthz", "//readyz", "//", "//static/session.js"])
async def test_what_is_open_asks_for_none(guarded, path):
    assert (await guarded.get(path)).status == 200


async def test_the_first_page_tells_nothing_to_strangers(guarded):
    page = await guarded.get("//")
    assert "PENDING" not in page.text
    assert "token" in page.text


async def test_the_token_is_exchanged_for_a_cookie_that_no_script_sees(guarded):
    answer = await guarded.post("/session", headers=BEARER)
    assert answer.status == 204
    cookie = answer.headers["Set-Cookie"]
    assert TOKEN not in cookie
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in cookie
    assert "Secure" not in cookie
    session = {"Cookie": cookie.partition(";")[0]}
    assert (await guarded.get("/clock", headers=session)).status == 200
    assert "PENDING" in (await guarded.get("//", headers=session)).text


async def test_behind_tls_the_cookie_stays_behind_tls(guarded):
    origin = guarded.url.replace("http", "https")
    answer = await guarded.post("/session", headers={**BEARER, "Origin": origin})
    assert "Secure" in answer.headers["Set-Cookie"]


async def test_a_cookie_does_not_make_another(guarded):
    cookie = (await guarded.post("/session", headers=BEARER)).headers["Set-Cookie"].partition(";")[0]
    assert (await guarded.post("/session", headers={"Cookie": cookie})).status == 401


async def test_a_cookie_is_given_back(guarded):
    answer = await guarded.delete("/session", headers=BEARER)
    assert answer.status == 204
    assert "Max-Age=0" in answer.headers["Set-Cookie"]


async def test_a_cookie_of_another_token_does_not_do(guarded):
    async with serving(token="another") as other:
        answer = await other.post("/session", headers={"Authorization": "Bearer another"})
        name, _, value = answer.headers["Set-Cookie"].partition(";")[0].partition("=")
    own = (await guarded.post("/session", headers=BEARER)).headers["Set-Cookie"].partition("=")[0]
    assert own != name
    for cookie in (f"{name}={value}", f"{own}={value}", f"{own}={TOKEN}", f"{own}="):
        assert (await guarded.get("/clock", headers={"Cookie": cookie})).status == 401


async def test_where_no_token_is_asked_for_a_session_is_no_trouble(api):
    for answer in (await api.post("/session"), await api.delete("/session")):
        assert (answer.status, "Set-Cookie" in answer.headers) == (204, False)


# --- Host and Origin -----------------------------------------------------------------------------

EVERYWHERE = ["/clock", "//", "//healthz", "//docs", "//static/sandbox.css", "/nothing"]


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8420", "LOCALHOST", "localhost.", "127.0.0.1", "127.8.9.1:80", "[::1]:8420"],
)
async def test_a_loopback_name_is_let_in(api, host):
    assert (await api.get("/clock", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8420", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", "10.0.0.1",
     "[::ffff:10.0.0.1]", "evil@localhost", "localhost/x", "localhost:port", "localhost:80:80", "", "sandbox"],
)  # fmt: skip
@pytest.mark.parametrize("path", EVERYWHERE)
async def test_a_name_that_suddenly_means_this_machine_is_not(api, path, host):
    path = path[1:] if path.startswith("//") else f"/api/v1{path}"
    answer = await raw(api, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    assert answer.startswith(("HTTP/1.1 403", "HTTP/1.1 400")), answer[:100]


async def test_no_host_or_several_are_not_let_in(api):
    for lines in ("", "Host: localhost\r\nHost: evil.example\r\n"):
        answer = await raw(api, f"GET /api/v1/clock HTTP/1.1\r\n{lines}Connection: close\r\n\r\n")
        assert answer.startswith(("HTTP/1.1 403", "HTTP/1.0 400"))
    absolute = await raw(
        api, "GET http://localhost/api/v1/clock HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    )
    assert absolute.startswith("HTTP/1.1 403")


async def test_a_name_that_is_allowed_is_let_in():
    async with serving(allow_hosts=("sandbox", "Sandbox.Example.", "10.1.2.3:8420")) as api:
        for host in ("sandbox:8420", "sandbox.example", "10.1.2.3"):
            assert (await api.get("/clock", headers={"Host": host})).status == 200
        assert (await api.get("/clock", headers={"Host": "other"})).status == 403


async def test_with_a_token_any_name_will_do(guarded):
    assert (await guarded.get("/clock", headers={**BEARER, "Host": "sandbox.internal:8420"})).status == 200


FOREIGN = [
    "https://evil.example", "null", "http://localhost:1", "http://localhost.evil.example", "file://", "",
    "http://127.0.0.1", "chrome-extension://abc", "http://127.0.0.1:{port}/x", "ftp://127.0.0.1:{port}",
    "http://user@127.0.0.1:{port}",
]  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("token", [None, TOKEN])
async def test_a_page_of_somebody_else_is_always_refused(origin, token):
    async with serving(token=token) as api:
        origin = origin.format(port=api.url.rpartition(":")[2])
        for headers in ({"Origin": origin}, {"Origin": origin, **BEARER}):
            assert (await api.get("/clock", headers=headers)).status == 403
            assert (await api.post("/events", EVENT, headers=headers)).status == 403
            assert (await api("OPTIONS", "/events", headers=headers)).status == 403
        assert api.workspace.asked == []


async def test_a_page_of_one_s_own_is_let_in(api):
    assert (await api.post("/events", EVENT, headers={"Origin": api.url})).status == 202
    shown_as = {"Host": "localhost", "Origin": "http://localhost"}
    assert (await api.post("/events", EVENT, headers=shown_as)).status == 202
    shown_as = {"Host": "localhost", "Origin": "http://LOCALHOST:80"}
    assert (await api.post("/events", EVENT, headers=shown_as)).status == 202


async def test_what_a_browser_says_of_where_it_comes_from_is_heard(api):
    for site in ("cross-site", "same-site"):
        assert (await api.post("/reset", headers={"Sec-Fetch-Site": site})).status == 403
        assert (await api.get("//", headers={"Sec-Fetch-Site": site})).status == 200  # a link
    for site in ("same-origin", "none"):
        assert (await api.post("/reset", headers={"Sec-Fetch-Site": site})).status == 204


async def test_no_answer_says_that_other_origins_may_read_it(api):
    for answer in (await api.get("/clock"), await api("OPTIONS", "/events")):
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


# --- headers ---------------------------------------------------------------------------------------


async def test_pages_may_use_what_is_here_and_answers_may_use_nothing(api):
    page = (await api.get("//docs")).headers["Content-Security-Policy"]
    assert "script-src 'self'" in page
    assert "unsafe" not in page
    for path in ("/clock", "//healthz", "//static/session.js", "/nothing"):
        policy = (await api.get(path)).headers["Content-Security-Policy"]
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy


async def test_nothing_of_the_api_is_kept_by_anybody(api):
    for path in ("/clock", "/connections", "//", "//metrics", "/nothing"):
        assert (await api.get(path)).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("text", ["a%0d%0aX-Evil:%201", "%0d%0a%0d%0a<script>"])
async def test_a_path_does_not_become_a_header(api, text):
    for path in (f"/deliveries/{text}", f"//{text}"):
        answer = await api.get(path)
        assert answer.status == 404
        assert "X-Evil" not in answer.headers
    for path in (f"/runs/{text}/pause", f"/connections/{text}/rotate-secret"):
        assert (await api.post(path)).status == 404


# --- how much, how slow ----------------------------------------------------------------------------


async def test_a_body_of_a_megabyte_is_taken_and_a_larger_one_is_not(api):
    exact = json.dumps({"scenario_yaml": ""}).encode()
    exact = exact[:-2] + b" " * (1024**2 - len(exact)) + exact[-2:]
    headers = {"Content-Type": "application/json"}
    assert (await api.post("/lint", raw=exact, headers=headers)).status == 200
    assert (await api.post("/lint", raw=exact + b" ", headers=headers)).status == 413


async def test_a_body_without_a_length_is_measured_as_it_comes(api):
    async def endless():
        for _ in range(100):
            yield b" " * 65536

    async with api.session.post(
        f"{api.url}/api/v1/lint", data=endless(), headers={"Content-Type": "application/json"}
    ) as answer:
        assert answer.status == 413


async def test_a_large_body_is_refused_before_it_is_sent(api):
    head = "POST /api/v1/lint HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    answer = await raw(api, f"{head}Content-Length: 1000000000000\r\n\r\n")
    assert answer.startswith("HTTP/1.1 413")


async def test_a_body_that_does_not_come_is_not_waited_for():
    async with serving(body_timeout=0.2) as api:
        head = "POST /api/v1/lint HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        answer = await raw(api, f"{head}Content-Length: 100\r\n\r\n{{")
        assert answer.startswith("HTTP/1.1 408")
        assert "application/problem+json" in answer


async def test_a_body_that_drips_has_no_more_time_than_one_that_stands_still():
    async with serving(body_timeout=0.3) as api:
        port = int(api.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST /api/v1/lint HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: 1000\r\n\r\n".encode())
        answer = asyncio.ensure_future(reader.readline())
        async with asyncio.timeout(5):
            while not answer.done():
                writer.write(b" ")
                await asyncio.wait({answer}, timeout=0.02)
        assert b"408" in await answer
        writer.close()


@pytest.mark.parametrize(
    "text",
    ["", "GET /api/v1/clo", "GET / HTTP/1.1\r\nHost: localhost\r\nX-A: "],
    ids=["nothing", "half a line", "half a header"],
)
async def test_headers_that_do_not_come_are_not_waited_for(text):
    async with serving(header_timeout=0.2) as api:
        answer = await raw(api, text)
        assert answer.startswith("HTTP/1.1 408")


async def test_whoever_has_spoken_may_pause_between_requests():
    async with serving(header_timeout=0.1) as api:
        port = int(api.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200" in await asyncio.wait_for(reader.readline(), 5)
            await asyncio.wait({asyncio.ensure_future(reader.read(4096))}, timeout=0.5)
        writer.close()


async def test_idle_connections_end():
    async with serving(keepalive_timeout=0.2) as api:
        answer = await raw(api, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer.startswith("HTTP/1.1 200")


async def test_long_lines_and_many_headers_are_refused(api):
    for text in (
        f"GET /{'a' * 20_000} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: {'a' * 20_000}\r\n\r\n",
    ):
        assert (await raw(api, text)).startswith("HTTP/1.0 400")


@pytest.mark.parametrize(
    "text",
    ["GET / HTTP/9.9\r\n\r\n", "\x00\x01\x02\r\n\r\n", "GET  HTTP/1.1\r\n\r\n",
     "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"],
)  # fmt: skip
async def test_what_is_no_http_is_a_problem_and_not_logged(api, text, caplog):
    answer = await raw(api, text)
    assert answer.startswith("HTTP/1.0 400")
    head, _, body = answer.partition("\r\n\r\n")
    assert "application/problem+json" in head
    assert "Content-Security-Policy: default-src 'none'" in head
    assert json.loads(body)["detail"].startswith("this is no HTTP/1.1 that can be read")
    assert (await api.get("//healthz")).status == 200
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


async def test_a_failure_of_our_own_is_a_problem_that_tells_nothing_and_a_log_that_does(api, caplog):
    def fails():
        raise RuntimeError("whsec_in_a_bug")

    api.workspace.clock = fails
    answer = await raw(api, "GET /api/v1/clock HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n")
    assert answer.startswith("HTTP/1.1 500")
    head, _, body = answer.partition("\r\n\r\n")
    assert "application/problem+json" in head
    assert "X-Content-Type-Options: nosniff" in head
    assert (json.loads(body)["status"], "whsec_" in answer) == (500, False)
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [RuntimeError]
    assert (await api.get("//healthz")).status == 200


async def test_an_answer_that_is_not_taken_is_not_kept_for_ever():
    async with serving(send_timeout=0.2) as api:
        with closing(socket.socket()) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", int(api.url.rpartition(":")[2])))
            client.setblocking(False)
            asked = b"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n"
            watch = select.poll()
            watch.register(client, 0)  # only whether it was cut off
            async with asyncio.timeout(20):
                while not watch.poll(0):
                    with suppress(BlockingIOError):
                        client.send(asked * 50)
                    assert (await api.get("//healthz")).status == 200  # nobody else is held up


async def test_an_answer_that_is_taken_slowly_but_steadily_is_sent_whole():
    async with serving(send_timeout=0.2) as api:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(api.url.rpartition(":")[2]), limit=4096
        )
        ask = "GET /docs HTTP/1.1\r\nHost: localhost\r\n"
        writer.write(f"{ask}\r\n".encode() * 20 + f"{ask}Connection: close\r\n\r\n".encode())
        answers = b""
        async with asyncio.timeout(20):
            while part := await reader.read(65_536):
                answers += part
                await api.get("//healthz")  # which takes its time
        assert answers.count(b"</html>") == 21
        writer.close()


# --- what is logged ----------------------------------------------------------------------------------


async def test_the_log_names_the_call_and_no_secret(guarded, caplog):
    with caplog.at_level(logging.DEBUG):
        await guarded.get("/deliveries?cursor=whsec_in_a_query", headers=BEARER)
        await guarded.post(
            "/connections",
            {"name": "x", "url": "http://h/", "auth": {"type": "HMAC", "secret": "whsec_in_a_body"}},
            headers=BEARER,
        )
        await guarded.get("/clock", headers={"Authorization": "Bearer whsec_wrong"})
    lines = [record for record in caplog.records if record.name == "wexio_sandbox.web"]
    assert [(record.method, record.path, record.status) for record in lines] == [
        ("GET", "/api/v1/deliveries", 422),
        ("POST", "/api/v1/connections", 201),
        ("GET", "/api/v1/clock", 401),
    ]
    for record in caplog.records:
        said = f"{record.getMessage()} {vars(record)}"
        assert "whsec_" not in said
        assert TOKEN not in said


async def test_a_line_of_the_log_is_one_line(api, caplog):
    with caplog.at_level(logging.INFO, logger="wexio_sandbox.web"):
        await api.get("/deliveries/a%0aroot:%20hacked")
    [record] = caplog.records
    assert "\n" not in record.getMessage()
