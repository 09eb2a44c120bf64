"""Scenarios and runs over the API: found, checked, played, steered."""

from datetime import UTC, datetime

import pytest

from sandbox.core.model import Hmac
from sandbox.files import shipped_scenarios
from tests.web import serving

PLAY = "name: Mine\nsteps:\n  - emit: chat.created\n"
SECRET = "whsec_0123456789abcdefghij"
WITH_SECRET = f"""\
name: Secretive
connections:
  - name: crm   # {SECRET}
    url: http://127.0.0.1:9/
    auth: {{type: HMAC, secret: {SECRET}}}
steps: [{{emit: chat.created}}]
"""
BROKEN = f"name: Broken\nsteps:\n  - emit: chat.creatd\n    channel: VIBR\nauth: {{secret: {SECRET}}}\n"


@pytest.fixture
def shelf(tmp_path):
    """A folder of one's own."""
    (tmp_path / "mine.yaml").write_text(PLAY)
    (tmp_path / "first-contact.yml").write_text(PLAY.replace("Mine", "My own first contact"))
    (tmp_path / "secretive.yaml").write_text(WITH_SECRET)
    (tmp_path / "broken.yaml").write_text(BROKEN)
    (tmp_path / "variable.yaml").write_text(PLAY.replace("Mine", "${WHO}"))
    (tmp_path / "notes.txt").write_text("name: no scenario")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path.parent / "outside.yaml").write_text(PLAY)
    return tmp_path


@pytest.fixture
async def own(shelf):
    async with serving(scenarios=shelf, environ={"WHO": "Alex"}) as client:
        yield client


# --- scenarios -----------------------------------------------------------------------------


async def test_the_shipped_scenarios_are_there_and_can_be_played(api):
    items = (await api.get("/scenarios")).json["items"]
    assert [item["name"] for item in items] == list(shipped_scenarios())
    assert all(item["valid"] and item["shipped"] and item["description"] for item in items)


async def test_the_source_is_the_file_s(api):
    shown = (await api.get("/scenarios/first-contact")).json
    assert shown["source"] == shipped_scenarios()["first-contact"].read_text()
    assert shown["problems"] == []


async def test_one_s_own_scenarios_go_first(own):
    items = (await own.get("/scenarios")).json["items"]
    mine = [item for item in items if not item["shipped"]]
    assert mine == items[: len(mine)]
    assert [item["name"] for item in mine] == ["broken", "first-contact", "mine", "secretive", "variable"]
    assert [item["name"] for item in items].count("first-contact") == 1
    assert (await own.get("/scenarios/first-contact")).json["title"] == "My own first contact"


async def test_a_scenario_that_has_changed_is_read_anew(own, shelf):
    assert (await own.get("/scenarios/mine")).json["title"] == "Mine"
    (shelf / "mine.yaml").write_text(PLAY.replace("Mine", "Changed"))
    assert (await own.get("/scenarios/mine")).json["title"] == "Changed"


async def test_a_broken_scenario_is_shown_with_its_problems_and_without_its_secrets(own):
    shown = await own.get("/scenarios/broken")
    assert shown.json["valid"] is False
    assert [(item["line"], item["message"]) for item in shown.json["problems"]][:2] == [
        (3, "Wexio documents no event called 'chat.creatd'"),
        (4, "no channel is called 'VIBR'"),
    ]
    assert SECRET not in shown.text


async def test_the_source_holds_no_secret(own):
    shown = await own.get("/scenarios/secretive")
    assert shown.json["valid"] is True
    assert SECRET not in shown.text
    assert 'secret: "***"' in shown.json["source"]


@pytest.mark.parametrize(
    "name",
    ["..%2Foutside", "%2e%2e%2foutside", "..%5Coutside", "../outside", "%2Fetc%2Fpasswd", "mine.yaml", "notes", "folder",
     "mine%00", ".", "first-contact%2F..%2Fmine"],
)  # fmt: skip
async def test_no_name_leads_out_of_the_folder(own, name):
    for path in (f"/scenarios/{name}", f"//api/v1/scenarios/{name}"):
        assert (await own.get(path)).status in (404, 405)
    played = await own.post("/runs", {"scenario": name})
    assert played.status == 404
    assert own.workspace.asked == []


async def test_a_name_misspelt_has_its_likely_correction(api):
    answer = await api.get("/scenarios/first-contct")
    assert "did you mean first-contact?" in answer.json["detail"]


async def test_a_folder_that_is_gone_is_told(tmp_path):
    async with serving(scenarios=tmp_path / "nowhere") as api:
        ready = await api.get("//readyz")
        assert ready.status == 503
        assert "cannot be read" in ready.json["checks"]["scenarios"]
        assert ready.json["checks"]["database"] == "ok"


# --- lint ----------------------------------------------------------------------------------


async def test_a_text_is_checked_with_places_and_corrections(api):
    answer = await api.post(
        "/lint", {"scenario_yaml": "name: x\nsteps:\n  - emit: chat.created\n    chanel: VIBER\n"}
    )
    assert answer.json == {
        "valid": False,
        "problems": [
            {
                "message": "unknown key 'chanel'",
                "hint": "did you mean channel?",
                "severity": "error",
                "line": 4,
                "column": 5,
                "length": 6,
                "source_line": "    chanel: VIBER",
            }
        ],
    }


@pytest.mark.parametrize(
    "media_type", ["application/yaml", "application/x-yaml", "text/yaml", "text/plain; charset=utf-8"]
)
async def test_the_text_may_be_sent_as_it_is(api, media_type):
    answer = await api.post("/lint", raw=PLAY.encode(), headers={"Content-Type": media_type})
    assert answer.json == {"valid": True, "problems": []}


async def test_a_text_that_is_no_utf8_is_a_400(api):
    assert (await api.post("/lint", raw=b"name: \xff", headers={"Content-Type": "text/yaml"})).status == 400


async def test_variables_are_not_expanded_in_what_is_posted(api):
    for path in ("/lint", "/runs"):
        answer = await api.post(path, {"scenario_yaml": PLAY.replace("Mine", "${HOME}")})
        assert "is expanded in files only" in answer.text


async def test_a_warning_does_not_make_it_invalid(api):
    text = "name: x\nsteps: [{emit: chat.created, channel: INSTAGRAM, origin: flow}]\n"
    answer = await api.post("/lint", {"scenario_yaml": text})
    assert answer.json["valid"] is True
    assert [item["severity"] for item in answer.json["problems"]] == ["warning"]


async def test_an_empty_text_is_told(api):
    assert (await api.post("/lint", {"scenario_yaml": ""})).json["valid"] is False


# --- runs ----------------------------------------------------------------------------------


async def test_a_scenario_is_played_by_its_name(api):
    body = {
        "scenario": "first-contact", "seed": 5, "speed": "max", "start": "2026-04-24T16:00:00+02:00",
        "connection_ids": ["6640f45ac8a0d7e8b7f2014a"],
    }  # fmt: skip
    answer = await api.post("/runs", body)
    assert answer.status == 201
    run = answer.json
    assert answer.headers["Location"] == f"/api/v1/runs/{run['id']}"
    assert (run["name"], run["status"], run["seed"], run["speed"]) == (
        "First contact on every channel",
        "playing",
        5,
        "max",
    )
    [order] = api.workspace.asked
    assert order.start == datetime(2026, 4, 24, 14, tzinfo=UTC)
    assert order.connection_ids == ("6640f45ac8a0d7e8b7f2014a",)
    assert (await api.get(f"/runs/{run['id']}")).json["id"] == run["id"]


async def test_a_text_is_played_and_kept_without_its_secrets(api):
    answer = await api.post("/runs", {"scenario_yaml": WITH_SECRET})
    assert answer.status == 201
    assert SECRET not in answer.text
    assert answer.json["connections"][0]["auth"] == {"type": "HMAC", "secret": "whsec_…ghij"}
    [order] = api.workspace.asked
    assert order.scenario.connections[0].auth == Hmac(SECRET)
    assert SECRET not in order.source
    assert SECRET not in (await api.get(f"/runs/{answer.json['id']}")).text
    assert SECRET not in (await api.get("/runs")).text


async def test_a_variable_of_one_s_own_file_comes_from_the_environment(own):
    answer = await own.post("/runs", {"scenario": "variable"})
    assert answer.json["name"] == "Alex"
    assert "${WHO}" in answer.json["source"]


async def test_a_broken_scenario_is_not_played_and_every_problem_has_its_place(api):
    answer = await api.post(
        "/runs", {"scenario_yaml": "name: x\nsteps:\n  - emit: chat.creatd\n    channel: VIBR\n"}
    )
    assert answer.status == 422
    assert "line 3, column 11" in answer.json["detail"]
    first, second = answer.json["errors"]
    assert first == {
        "field": "/scenario_yaml",
        "message": "Wexio documents no event called 'chat.creatd'",
        "hint": "did you mean chat.created?",
        "severity": "error",
        "line": 3,
        "column": 11,
        "length": 11,
        "source_line": "  - emit: chat.creatd",
    }
    assert (second["line"], second["column"], second["hint"]) == (4, 14, "did you mean VIBER?")
    assert api.workspace.asked == []


async def test_a_broken_file_is_told_without_its_secrets(own):
    answer = await own.post("/runs", {"scenario": "broken"})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "/scenario")
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"scenario": "first-contact", "scenario_yaml": PLAY}, "/scenario"),
        ({"scenario": "first-contact", "speed": 0}, "/speed"),
        ({"scenario": "first-contact", "speed": "manual"}, "/speed"),
        ({"scenario": "first-contact", "speed": True}, "/speed"),
        ({"scenario": "first-contact", "seed": -1}, "/seed"),
        ({"scenario": "first-contact", "start": "2026-04-24T14:02:10"}, "/start"),
        ({"scenario": "first-contact", "connection_ids": []}, "/connection_ids"),
        ({"scenario": "first-contact", "connection_ids": ["0" * 24, "0" * 24]}, "/connection_ids"),
        ({"scenario": 5}, "/scenario"),
    ],
)
async def test_it_must_be_clear_what_to_play_and_how(api, body, field):
    refused = await api.post("/runs", body)
    assert (refused.status, list(refused.errors)) == (422, [field])


async def test_a_run_is_steered(api):
    run = f"/runs/{(await api.post('/runs', {'scenario': 'first-contact'})).json['id']}"
    assert (await api.post(f"{run}/step")).status == 409
    assert (await api.post(f"{run}/pause")).json["status"] == "paused"
    assert (await api.post(f"{run}/step")).json["status"] == "paused"
    assert (await api.post(f"{run}/resume")).json["status"] == "playing"
    assert (await api.put(f"{run}/clock", {"speed": 60})).json["speed"] == 60
    assert (await api.put(f"{run}/clock", {"speed": "max"})).json["speed"] == "max"
    stopped = (await api.post(f"{run}/stop")).json
    assert stopped["status"] == "stopped"
    assert stopped["verdict"] == {
        "passed": False, "expectations": [], "deliveries": {"SUCCESS": 2}, "seed": 42, "elapsed_ms": 12.5,
    }  # fmt: skip
    assert (await api.post(f"{run}/pause")).status == 409


@pytest.mark.parametrize("speed", ["manual", 0, -1, 1_000_001, "fast", None])
async def test_a_run_has_no_other_speeds(api, speed):
    run = f"/runs/{(await api.post('/runs', {'scenario': 'first-contact'})).json['id']}"
    assert list((await api.put(f"{run}/clock", {"speed": speed})).errors) == ["/speed"]


async def test_runs_are_listed_newest_first(api):
    for _ in range(2):
        await api.post("/runs", {"scenario": "no-contact"})
    assert [item["id"] for item in (await api.get("/runs")).json["items"]] == [
        "run_000000000001",
        "run_000000000000",
    ]


@pytest.mark.parametrize("what", ["", "/pause", "/resume", "/step", "/stop", "/clock"])
async def test_a_run_that_is_not_there_is_told(api, what):
    path = f"/runs/run_nothing{what}"
    if not what:
        answer = await api.get(path)
    elif what == "/clock":
        answer = await api.put(path, {"speed": 1})
    else:
        answer = await api.post(path)
    assert answer.status == 404
