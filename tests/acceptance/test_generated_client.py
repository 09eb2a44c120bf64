"""A client that a public generator makes from the OpenAPI document, against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.acceptance.server import PATIENCE, ROOT, served

PROGRAM = """
import json, sys
from wexio_sandbox_client import AuthenticatedClient
from wexio_sandbox_client.api.connections import create_connection
from wexio_sandbox_client.api.deliveries import get_delivery, list_deliveries, settle
from wexio_sandbox_client.api.events import emit_events
from wexio_sandbox_client.models import EventBody, ConnectionBody, SettleBody, Problem

url, token, target = sys.argv[1:]
with AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True) as client:
    made = create_connection.sync(client=client, body=ConnectionBody.from_dict({"name": "crm", "url": target}))
    emit_events.sync(client=client, body=EventBody.from_dict({"event": "chat.created", "count": 3}))
    settled = settle.sync(client=client, body=SettleBody.from_dict({"timeout": "30s"}))
    page = list_deliveries.sync(client=client, connection_id=made.id, limit=2)
    rest = list_deliveries.sync(client=client, connection_id=made.id, limit=2, cursor=page.next_cursor)
    whole = get_delivery.sync(client=client, id=rest.items[0].id)
    wrong = create_connection.sync(client=client, body=ConnectionBody.from_dict({"name": "x", "url": "ftp://x"}))
    assert isinstance(wrong, Problem), wrong
    print(json.dumps({
        "settled": settled.to_dict(),
        "statuses": [str(item.status) for item in (*page.items, *rest.items)],
        "more": [page.next_cursor is not None, rest.next_cursor is not None],
        "attempts": [attempt.attempt for attempt in whole.attempts],
        "field": wrong.errors[0].field,
    }))
"""


def run(*command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        timeout=4 * PATIENCE,
    )


def test_a_generated_client_lists_deliveries(tmp_path):
    document = run("-m", "sandbox", "schema", "openapi", folder=tmp_path)
    (tmp_path / "openapi.json").write_text(document.stdout, encoding="utf-8")
    (tmp_path / "config.yaml").write_text("post_hooks: []\n", encoding="utf-8")
    made = run(
        *("-m", "openapi_python_client", "generate", "--path", "openapi.json", "--config", "config.yaml"),
        *("--output-path", "client"),
        folder=tmp_path,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    # YAML itself as a body is the one thing that this generator does not know.
    left_out = [line for line in made.stdout.splitlines() if line.startswith("WARNING parsing")]
    assert all("POST /api/v1/lint" in line for line in left_out), made.stdout

    with served(tmp_path, WEXIO_SANDBOX_TOKEN="of-the-whole-team") as server:
        server.token = "of-the-whole-team"
        target = server.call("GET", "/subscriber")[1]["url"]
        used = run(
            *("-c", PROGRAM, server.url, server.token, target),
            folder=tmp_path,
            PYTHONPATH=str(tmp_path / "client"),
        )
    assert used.returncode == 0, used.stderr
    told = json.loads(used.stdout)
    assert told == {
        "settled": {"deliveries": {"SUCCESS": 3}},
        "statuses": ["SUCCESS"] * 3,
        "more": [True, False],
        "attempts": [1],
        "field": "/url",
    }
