"""``/`` and ``/docs``, and the files that they need: nothing comes from another host.

The dashboard is modules in ``static/app`` that a browser loads as they are. Where there is
no script, the first page says the same in plain HTML. Whatever is not written here is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from aiohttp import web

from sandbox import __version__
from sandbox.core.model import Status
from sandbox.core.moments import isoformat
from sandbox.core.present import plain
from sandbox.web.guard import GUARD
from sandbox.web.problem import KINDS, Refused
from sandbox.web.routes import Call, Route, Text

_LINKS: Final = (
    ("/docs", "the API"),
    ("/openapi.json", "OpenAPI 3.1"),
    ("/api/v1/deliveries", "deliveries"),
    ("/api/v1/stats", "numbers"),
    ("/metrics", "metrics"),
    ("/readyz", "readiness"),
)
_WHEN_NEEDED: Final = "vendor/uplot.js"  # large, and loaded by the chart that is drawn with it
_MEDIA_TYPES: Final = {
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "woff2": "font/woff2",
}


def _page(title: str, body: str, *, script: bool = False) -> web.Response:
    tag = '<script src="/static/session.js" defer></script>' if script else ""
    html = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{_text(title)}</title>\n<link rel="icon" href="data:,">\n'
        f'<link rel="stylesheet" href="/static/sandbox.css">\n{tag}\n</head>\n<body>\n{body}\n</body>\n</html>\n'
    )
    return web.Response(text=html, content_type="text/html")


def _text(value: object) -> str:
    return escape(plain(str(value)))


# --- the first page --------------------------------------------------------------------


async def start_page(call: Call) -> web.StreamResponse:
    guard = call.request.app[GUARD]
    head = (
        "<h1>Wexio sandbox</h1>\n"
        f'<p class="quiet">The Wexio that you can run. Version {_text(__version__)}.</p>\n'
    )
    if not guard.knows(call.request):
        notice = (
            '<p class="notice">This sandbox asks for a token. Open the address that <code>serve</code> has printed: '
            "it ends in <code>#token=…</code>.</p>\n"
            '<p class="notice" id="refused" hidden>That token is not the right one.</p>\n'
        )
        return _page("Wexio sandbox", head + notice, script=True)
    links = "".join(f'<li><a href="{path}">{_text(says)}</a></li>' for path, says in _LINKS)
    plainly = f"{head}<nav><ul>{links}</ul></nav>\n{_numbers(call)}\n{_how_to_begin(call)}"
    return _dashboard(plainly, session=guard.asks)


def _dashboard(plainly: str, *, session: bool) -> web.Response:
    """The page that becomes the dashboard; without a script it says *plainly* what there is."""
    # Every module is named, so that none is found out about only when another has been read.
    modules = "".join(
        f'<link rel="modulepreload" href="/static/{name}">\n'
        for name in _shelf()
        if name.endswith(".js") and name.startswith(("app/", "vendor/")) and name != _WHEN_NEEDED
    )
    html = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta name="wexio-sandbox-version" content="{_text(__version__)}">\n'
        "<title>Wexio sandbox</title>\n"
        '<link rel="icon" href="/static/icon.svg" type="image/svg+xml">\n'
        f"{_styles()}"
        '<script src="/static/theme.js"></script>\n'
        f"{'<script src=/static/session.js defer></script>' if session else ''}\n{modules}"
        '<script type="module" src="/static/app/main.js"></script>\n'
        "</head>\n<body>\n"
        '<div id="app"></div>\n'
        f'<noscript><link rel="stylesheet" href="/static/sandbox.css">\n{plainly}</noscript>\n'
        "</body>\n</html>\n"
    )
    return web.Response(text=html, content_type="text/html")


def _styles() -> str:
    # The common one first: an area's own may differ from it.
    names = [name for name in _shelf() if name.startswith("app/") and name.endswith(".css")]
    ordered = sorted(names, key=lambda name: (name != "app/style.css", name))
    return "".join(f'<link rel="stylesheet" href="/static/{name}">\n' for name in ordered)


def _numbers(call: Call) -> str:
    workspace = call.workspace
    counts = workspace.counts()
    cards = [(str(status), f"{counts[status]:,}") for status in Status]
    cards += [("connections", f"{len(workspace.connections()):,}"), ("runs", f"{len(workspace.runs()):,}")]
    shown = "".join(f"<li><b>{number}</b>{_text(name)}</li>" for name, number in cards)
    position = workspace.clock()
    state = (
        "paused"
        if position.paused
        else f"speed {position.speed if isinstance(position.speed, str) else format(position.speed, 'g')}"
    )
    return (
        f'<h2>Now</h2>\n<ul class="cards">{shown}</ul>\n'
        f'<p class="quiet">The clock shows {_text(isoformat(position.at))}, {_text(state)}.</p>'
    )


def _how_to_begin(call: Call) -> str:
    base = f"{call.request.scheme}://{call.request.host}/api/v1"
    token = ' -H "Authorization: Bearer $TOKEN"' if call.request.app[GUARD].asks else ""
    connect = json.dumps(
        {"name": "crm", "url": "http://127.0.0.1:3000/webhooks/wexio", "auth": {"type": "HMAC"}}
    )
    steps = (
        ("Say where to deliver, and keep the secret that you are given", "connections", connect),
        ("Let somebody write in", "events", '{"event": "chat.created", "channel": "WHATSAPP"}'),
        ("Or play a whole scenario", "runs", '{"scenario": "first-contact", "speed": "max"}'),
    )
    shown = "".join(
        f"<p>{_text(says)}:</p>\n<pre>curl{token} -H 'Content-Type: application/json' \\\n"
        f"  {_text(f'{base}/{path}')} \\\n  -d '{_text(body)}'</pre>\n"
        for says, path, body in steps
    )
    return f"<h2>How to begin</h2>\n{shown}"


# --- the API, readable -------------------------------------------------------------------


def docs_page(document: Mapping[str, Any]) -> web.Response:
    """The OpenAPI *document* as people read it."""
    info, schemas = document["info"], document["components"]["schemas"]
    tags = document["tags"]
    contents = "".join(f'<li><a href="#{_anchor(tag["name"])}">{_text(tag["name"])}</a></li>' for tag in tags)
    openapi = f'<a href="/openapi.json">OpenAPI {_text(document["openapi"])}</a>'
    body = [
        f"<h1>{_text(info['title'])}: the API</h1>",
        f'<p class="quiet">Version {_text(info["version"])} · {openapi} · <a href="/">start</a></p>',
        *(f"<p>{_code(paragraph)}</p>" for paragraph in info["description"].split("\n\n")),
        f'<nav><ul>{contents}<li><a href="#problems">Problems</a></li></ul></nav>',
    ]
    calls = [
        (path, method, call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    ]
    for tag in tags:
        body.append(f'<h2 id="{_anchor(tag["name"])}">{_text(tag["name"])}</h2>')
        body.append(f'<p class="quiet">{_text(tag["description"])}</p>')
        body += [
            _call(path, method, call, schemas) for path, method, call in calls if tag["name"] in call["tags"]
        ]
    body.append(_problems())
    return _page(f"{info['title']}: the API", "\n".join(body))


def _call(path: str, method: str, call: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    parts = [f"<p>{_code(call['description'])}</p>"] if "description" in call else []
    if rows := [
        (item["name"], _kind(item["schema"]), item.get("description", item["in"]))
        for item in call.get("parameters", ())
    ]:
        parts += ["<h4>Parameters</h4>", _table(rows)]
    if "requestBody" in call:
        content = call["requestBody"]["content"]["application/json"]
        parts += ["<h4>Body</h4>", _fields(content["schema"], schemas)]
        parts += [_example(content["example"])] if "example" in content else []
    for status, answer in call["responses"].items():
        if "$ref" in answer:
            continue
        parts.append(f"<h4>{_text(status)}: {_text(answer['description'])}</h4>")
        for media in answer.get("content", {}).values():
            parts.append(_fields(media["schema"], schemas))
            parts += [_example(media["example"])] if media.get("example") is not None else []
    refused = [status for status, answer in call["responses"].items() if "$ref" in answer]
    said = ", ".join(f'<a href="#{KINDS[int(status)][0]}">{_text(status)}</a>' for status in refused)
    parts.append(f'<p class="quiet">Problems: {said}</p>')
    return (
        f'<details class="call" id="{_anchor(call["operationId"])}"><summary>'
        f'<span class="method {_anchor(method)}">{_text(method.upper())}</span><h3><code>{_text(path)}</code></h3>'
        f'<span class="quiet">{_text(call["summary"])}</span></summary>\n<div>{"".join(parts)}</div></details>'
    )


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """The fields of an object as a table; nothing for what has none."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    needed = schema.get("required", ())
    rows = [
        (name, _kind(item) + (", needed" if name in needed and "additionalProperties" in schema else ""),
         item.get("description", ""))
        for name, item in schema.get("properties", {}).items()
    ]  # fmt: skip
    return _table(rows) if rows else ""


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " or ".join(dict.fromkeys(_kind(item) for item in schema[union]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['type']}, {schema['minimum']} to {schema['maximum']}"
    kind = schema.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    shown = "".join(
        f"<tr><td><code>{_text(name)}</code></td><td>{_text(kind)}</td><td>{_code(says)}</td></tr>"
        for name, kind, says in rows
    )
    return f"<table><thead><tr><th>name</th><th>what</th><th></th></tr></thead><tbody>{shown}</tbody></table>"


def _example(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return f"<pre>{escape(text)}</pre>"


def _problems() -> str:
    rows = "".join(
        f'<tr id="{kind}"><td><code>{status}</code></td><td>{_text(title)}</td><td>{_text(says)}</td></tr>'
        for status, (kind, title, says) in KINDS.items()
    )
    head = "<thead><tr><th>status</th><th>title</th><th></th></tr></thead>"
    return f'<h2 id="problems">Problems</h2>\n<table>{head}<tbody>{rows}</tbody></table>'


def _anchor(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text.lower())


def _code(text: str) -> str:
    """Escaped, with what stands between backticks as code."""
    pieces = text.split("`")
    return "".join(
        f"<code>{_text(piece)}</code>" if index % 2 else _text(piece) for index, piece in enumerate(pieces)
    )


# --- files -------------------------------------------------------------------------------


@cache
def _shelf() -> Mapping[str, tuple[bytes, str]]:
    """Every file that is served, by its path below /static, with its tag: read once."""
    root = files("sandbox.web").joinpath("static")
    return {
        name: (data, f'"{sha256(data).hexdigest()[:20]}"')
        for name, data in sorted(_files(root, ""))
        if name.rpartition(".")[2] in _MEDIA_TYPES
    }


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _files(item, f"{prefix}{item.name}/")
        else:
            yield f"{prefix}{item.name}", item.read_bytes()


async def static_file(call: Call) -> web.StreamResponse:
    name = call.id
    if name not in _shelf():
        raise Refused(404, f"there is no file {name!r}")
    data, tag = _shelf()[name]
    media_type = _MEDIA_TYPES[name.rpartition(".")[2]]
    # Asked for anew each time, and sent only where it has changed: an update is seen at once.
    headers = {"Cache-Control": "no-cache", "ETag": tag}
    if call.request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    charset = "utf-8" if media_type.startswith("text/") else None
    return web.Response(body=data, content_type=media_type, charset=charset, headers=headers)


ROUTES: Final = (
    Route(
        method="GET",
        path="/",
        handler=start_page,
        tag="Operation",
        summary="A page with links, numbers and how to begin",
        answers={200: Text(media_type="text/html", says="A page.")},
        open=True,
    ),
)

UNLISTED: Final = (
    Route(
        method="GET",
        path="/static/{name:.+}",
        handler=static_file,
        tag="Operation",
        summary="What the pages need",
        answers={200: Text(media_type="text/css", says="A file.")},
        open=True,
    ),
)
"""What is no part of the API."""
