"""Scenarios on the dashboard: read, changed, checked while one types, played."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.acceptance.browser import SHARING, served, shared_browser, visiting  # noqa: F401 - a fixture

pytestmark = SHARING

SHIPPED = Path(__file__).parents[2] / "scenarios"
OWN = "name: <b>Mine</b>\ndescription: <img src=x onerror=alert(1)>\nsteps:\n  - emit: chat.created\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenarios")
    (folder / "mine.yaml").write_text(OWN, encoding="utf-8")
    (folder / "broken.yaml").write_text("name: Broken\nsteps:\n  - emit: chat.creatd\n", encoding="utf-8")
    with served("--scenarios", str(folder)) as running:
        yield running


async def test_shipped_and_own_scenarios_are_there_with_their_text(server):
    async with visiting(server) as visitor:
        page = await visitor.open("scenarios")
        names = page.get_by_role("navigation", name="Scenarios")
        for path in SHIPPED.glob("*.yaml"):
            await expect(names.locator(f'a[href="#/scenarios/{path.stem}"]')).to_have_count(1)
        await names.locator('a[href="#/scenarios/outage-and-recovery"]').click()
        text = (SHIPPED / "outage-and-recovery.yaml").read_text(encoding="utf-8")
        await expect(page.get_by_label("The scenario as YAML")).to_have_value(text)
        await expect(page.get_by_text("It can be played")).to_be_visible()
        await expect(names.get_by_role("link").filter(has_text="Broken")).to_contain_text("problems")


async def test_names_in_a_file_are_text(server):
    async with visiting(server) as visitor:
        page = await visitor.open("scenarios/mine")
        await expect(page.get_by_role("link").filter(has_text="<b>Mine</b>")).to_be_visible()
        assert await page.locator("main img").count() == 0


async def test_problems_stand_at_their_line_and_lead_there(server):
    async with visiting(server) as visitor:
        page = await visitor.open("scenarios/broken")
        problems = page.get_by_role("group", name="Problems")
        await expect(problems).to_contain_text("3:11")
        await expect(problems).to_contain_text("chat.created")
        await expect(page.locator(".editor-text mark[data-severity=error]")).to_have_text("chat.creatd")
        await expect(page.get_by_role("button", name="Play")).to_be_disabled()
        editor = page.get_by_label("The scenario as YAML")
        await expect(editor).to_have_accessible_description(re.compile("chat.creat"))
        await problems.get_by_role("button").first.click()
        await expect(editor).to_be_focused()
        assert (
            await editor.evaluate("it => it.value.slice(it.selectionStart, it.selectionEnd)") == "chat.creatd"
        )
        await page.keyboard.type("chat.created")
        await expect(page.get_by_text("It can be played")).to_be_visible()
        await expect(problems.get_by_role("button")).to_have_count(0)
        await page.get_by_role("button", name="Discard").click()
        await expect(problems).to_contain_text("3:11")


async def test_what_was_typed_outlasts_a_reload_and_is_what_is_played(server):
    async with visiting(server) as visitor:
        page = await visitor.open("scenarios/new")
        editor = page.get_by_label("The scenario as YAML")
        await editor.fill("name: Typed here\nsteps:\n  - {emit: chat.created, channel: VIBER}\n")
        await expect(page.get_by_text("It can be played")).to_be_visible()
        await page.reload()
        await expect(editor).to_have_value(re.compile("Typed here"))
        await page.get_by_role("button", name="Max").click()
        await page.get_by_label("Seed").fill("7")
        await page.get_by_role("button", name="Play").click()
        await expect(page).to_have_url(re.compile("/#/stage/run_"))
        run = server.call("GET", "/runs")["items"][0]
        assert (run["name"], run["seed"], run["speed"]) == ("Typed here", 7, "max")


async def test_a_shipped_scenario_is_played_by_the_keyboard(server):
    async with visiting(server) as visitor:
        page = await visitor.open("scenarios/no-contact")
        await expect(page.get_by_text("It can be played")).to_be_visible()
        await page.keyboard.press("p")
        await expect(page).to_have_url(re.compile("/#/stage/run_"))
        assert server.call("GET", "/runs")["items"][0]["name"] != "Typed here"


async def test_what_cannot_be_played_after_all_is_told(server):
    async with visiting(server) as visitor:
        visitor.forgiven = ("422",)
        page = await visitor.open("scenarios/mine")
        await expect(page.get_by_text("It can be played")).to_be_visible()
        await page.get_by_label("Seed").fill("-1")
        await page.get_by_role("button", name="Play").click()
        await expect(page.locator(".toast").filter(has_text="seed")).to_be_visible()
        await expect(page.get_by_role("button", name="Play")).to_be_enabled()


async def test_the_text_can_be_taken_away_as_a_file(server):
    async with visiting(server) as visitor:
        page = await visitor.open("scenarios/mine")
        async with page.expect_download() as waiting:
            await page.get_by_role("button", name="Download").click()
        download = await waiting.value
        assert download.suggested_filename == "mine.yaml"
        assert Path(await download.path()).read_text(encoding="utf-8") == OWN


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_axe_finds_nothing_serious_in_scenarios_and_nothing_is_too_wide(server, width, scheme):
    async with visiting(server, width=width, color_scheme=scheme) as visitor:
        for path in ("scenarios", "scenarios/broken", "scenarios/sales-demo"):
            page = await visitor.open(path)
            await expect(page.get_by_role("heading", level=1)).to_have_text("Scenarios")
            assert await visitor.axe() == [], path
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
