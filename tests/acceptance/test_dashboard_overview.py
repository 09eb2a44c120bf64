"""Overview: the numbers of a real server, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.acceptance.browser import SHARING, served, shared_browser, visiting

__all__ = ["shared_browser"]  # a fixture is known where it is imported
pytestmark = SHARING


@pytest.fixture
def server():
    with served() as running:
        yield running


def tile(page, name):
    return page.locator(".tile", has=page.get_by_text(name, exact=True))


async def test_an_empty_sandbox_says_what_to_do_first(server):
    async with visiting(server) as visitor:
        page = await visitor.open("overview")
        await expect(page.get_by_role("heading", name="Nothing has happened here yet")).to_be_visible()
        await page.get_by_role("link", name="Or play a scenario").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Stage")


async def test_it_counts_what_happens_while_one_looks(server):
    async with visiting(server) as visitor:
        page = await visitor.open("overview")
        server.play("first-contact")
        numbers = server.call("GET", "/stats")
        await expect(tile(page, "Events")).to_contain_text("4")
        await expect(tile(page, "Attempts")).to_contain_text(str(numbers["attempts"]["total"]))
        await expect(tile(page, "Delivered")).to_contain_text("4 of 4 settled")
        await expect(page.get_by_text("Nothing has happened here yet")).to_have_count(0)
        viber = page.locator(".bars li", has_text="Viber")
        tried = numbers["attempts"]["by_channel"]["VIBER"]
        # Attempts, and said so: a delivery that was taken at the second one is half refused here.
        await expect(viber).to_contain_text(f"1 of {tried}")
        await expect(page.get_by_role("heading", name="Attempts accepted")).to_be_visible()
        await expect(page.get_by_text("by channel, retries counted")).to_be_visible()
        chart = page.get_by_role("img")
        await expect(chart).to_have_attribute(
            "aria-label",
            f"In the last hour 4 events, 4 attempts accepted, {numbers['attempts']['total'] - 4} refused.",
        )
        await expect(chart.locator("canvas")).to_be_visible()
        await page.reload()
        await expect(tile(page, "Events")).to_contain_text("4")
        await expect(chart).to_have_attribute(
            "aria-label",
            f"In the last hour 4 events, 4 attempts accepted, {numbers['attempts']['total'] - 4} refused.",
        )


async def test_after_a_restart_it_counts_what_is_kept_and_says_since_when_it_measures(tmp_path):
    with served(db=str(tmp_path / "sandbox.db")) as server:
        server.play("first-contact")
        total = server.call("GET", "/stats")["attempts"]["total"]
        server.stop()
        server.start()
        since = server.call("GET", "/stats")["since"][11:19]
        async with visiting(server) as visitor:
            page = await visitor.open("overview")
            await expect(tile(page, "Events")).to_contain_text("4")
            await expect(tile(page, "Attempts")).to_contain_text(str(total))
            await expect(tile(page, "Delivered")).to_contain_text("4 of 4 settled")
            await expect(page.get_by_text(f"No attempt has been made since {since} UTC.")).to_be_visible()


async def test_the_clock_is_stopped_and_advanced_and_what_was_due_goes_out(server):
    target = server.call("GET", "/subscriber")["url"]
    server.call("PUT", "/subscriber", {"next": [503]})
    server.call("POST", "/connections", {"name": "crm", "url": target})
    async with visiting(server) as visitor:
        page = await visitor.open("overview")
        await page.get_by_role("button", name="By hand").click()
        await expect(page.get_by_label("Advance by")).to_be_visible()
        server.call("POST", "/events", {"event": "chat.created", "channel": "VIBER"})
        await expect(tile(page, "Pending")).to_contain_text("1")
        await expect(page.get_by_text("Next due in")).to_be_visible()
        await page.get_by_label("Advance by").fill("nonsense")
        await page.get_by_role("button", name="Advance", exact=True).click()
        await expect(page.locator(".clock-advance .error")).to_be_visible()
        visitor.forgiven = ("422",)
        await page.get_by_label("Advance by").fill("24h")
        await page.get_by_role("button", name="Advance", exact=True).click()
        await expect(tile(page, "Pending")).to_contain_text("nothing waits")
        await expect(tile(page, "Delivered")).to_contain_text("1 of 1 settled")
        assert server.call("GET", "/clock")["speed"] == "manual"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_in_full_numbers(server, scheme):
    server.play("first-contact")
    server.call("PUT", "/clock", {"speed": "manual"})
    async with visiting(server, color_scheme=scheme) as visitor:
        page = await visitor.open("overview")
        await expect(page.locator(".bars li").first).to_be_visible()
        assert await visitor.axe() == []


async def test_full_numbers_are_no_wider_than_the_screen(server):
    server.play("first-contact")
    async with visiting(server) as visitor:
        page = await visitor.open("overview")
        await expect(page.get_by_role("img").locator("canvas")).to_be_visible()
        for width in (360, 820, 1920):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, width
