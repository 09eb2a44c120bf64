"""The frame of the dashboard: navigation, keyboard, theme, the link to the server."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.acceptance.browser import SHARING, served, shared_browser, visiting

__all__ = ["shared_browser"]  # a fixture is known where it is imported
pytestmark = SHARING

AREAS = ["Stage", "Deliveries", "Connections", "Compose", "Scenarios", "Overview"]


@pytest.fixture(scope="module")
def server():
    with served() as running:
        yield running


async def test_every_area_is_reached_by_the_navigation_and_named_by_the_address(server):
    async with visiting(server) as visitor:
        page = await visitor.open()
        for name in AREAS:
            await page.get_by_role("navigation").get_by_role("link", name=re.compile(f"^{name}")).click()
            await expect(page.get_by_role("heading", level=1)).to_have_text(name)
            await expect(page).to_have_url(re.compile(rf"/#/{name.lower()}(\?|$)"))
            await expect(page).to_have_title(re.compile(name))
        await page.reload()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        await page.go_back()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Scenarios")


async def test_the_keyboard_is_enough(server):
    async with visiting(server) as visitor:
        page = await visitor.open()
        await page.keyboard.press("g")
        await page.keyboard.press("o")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        await page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        await expect(dialog).to_contain_text("Deliveries")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await page.keyboard.press("g")
        await page.keyboard.press("s")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Stage")


async def test_the_first_tab_leads_past_the_navigation(server):
    async with visiting(server) as visitor:
        page = await visitor.open()
        await page.keyboard.press("Tab")
        await expect(page.get_by_text("Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()


async def test_a_theme_that_was_chosen_stays(server):
    async with visiting(server, color_scheme="light") as visitor:
        page = await visitor.open()
        ground = "getComputedStyle(document.body).backgroundColor"
        light = await page.evaluate(ground)
        await page.keyboard.press("t")
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert await page.evaluate(ground) != light
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("early", [False, True])
async def test_it_says_so_when_the_server_goes_and_when_it_is_back(early):
    with served() as server:
        async with visiting(server) as visitor:
            visitor.forgiven = (
                "ERR_CONNECTION_REFUSED",
                "ERR_INCOMPLETE_CHUNKED",
                "ERR_CONNECTION_RESET",
                "ERR_EMPTY",
                "ERR_FAILED",
            )
            page = await visitor.open("overview")
            server.stop()
            await expect(page.get_by_role("alert")).to_contain_text("The connection to the sandbox is lost")
            if early:
                # The numbers are there again before the stream is.
                await page.route("**/api/v1/journal*", lambda route: route.abort())
            server.start()
            if early:
                async with page.expect_response("**/api/v1/stats"):
                    pass
                await page.unroute_all()
            await expect(page.locator(".link-state")).to_have_text("Live")
            await expect(page.get_by_text("The sandbox was restarted").last).to_be_visible()
            await expect(page.get_by_role("alert")).to_have_count(0)


async def test_the_token_in_the_address_opens_the_page_and_leaves_the_address():
    with served("--token", "a-token-of-the-tests") as server:
        async with visiting(server) as visitor:
            await visitor.page.goto(f"{server.url}/#token=a-token-of-the-tests")
            await expect(visitor.page.locator(".link-state")).to_have_text("Live")
            await expect(visitor.page).not_to_have_url(re.compile("token"))


async def test_without_a_token_it_says_how_to_come_in():
    with served("--token", "a-token-of-the-tests") as server:
        async with visiting(server) as visitor:
            await visitor.page.goto(server.url)
            await expect(visitor.page.get_by_text("This sandbox asks for a token")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_where_nothing_has_happened_yet(server, scheme):
    async with visiting(server, color_scheme=scheme) as visitor:
        for area in AREAS:
            await visitor.open(area.lower())
            await expect(visitor.page.get_by_role("heading", level=1)).to_have_text(area)
            assert await visitor.axe() == [], area


async def test_nothing_is_wider_than_the_screen(server):
    async with visiting(server) as visitor:
        for area in AREAS:
            page = await visitor.open(area.lower())
            for width in (360, 820, 1920):
                await page.set_viewport_size({"width": width, "height": 800})
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, (area, width)
