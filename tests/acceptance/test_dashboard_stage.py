"""Stage, as a person in front of an audience uses it: on the real server, in a real browser."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

import pytest
from playwright.async_api import expect

from tests.acceptance.browser import PATIENCE, SHARING, served, shared_browser, visiting

__all__ = ["shared_browser"]  # a fixture is known where it is imported
pytestmark = SHARING

HOSTILE = """
name: "<img src=x onerror=alert(1)>"
contacts:
  mallory: {firstName: "<script>document.title='taken'</script>", lastName: "\\u202Egnirts"}
steps:
  - {emit: chat.created, channel: WHATSAPP, contact: mallory, note: "<b onclick=alert(2)>note</b>"}
"""
PATIENT = """
name: A long day
contacts: {alex: {firstName: Alex, lastName: Stone, phoneNumber: "+46701740612"}}
steps:
  - {emit: chat.created, channel: WHATSAPP, contact: alex, note: Alex writes.}
  - wait: 1h
  - {emit: chat.created, channel: VIBER, note: And somebody on Viber.}
  - wait: 1h
"""


@pytest.fixture
def server():
    with served() as running:
        yield running


def played(server, text, **more):
    return server.call("POST", "/runs", {"scenario_yaml": text, **more})["id"]


async def expect_texts(items, texts):
    """The *items* say *texts*, in whatever order, now or soon."""
    said = []
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE / 1000):
            while (said := sorted(await items.all_inner_texts())) != texts:
                await asyncio.sleep(0.05)
    assert said == texts


async def test_a_scenario_is_chosen_played_and_comes_to_its_end(server):
    async with visiting(server) as visitor:
        page = await visitor.open("stage")
        await page.get_by_role("button", name="Max").click()
        await page.get_by_role("button", name="Play First contact on every channel").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("First contact on every channel")
        await expect(page.get_by_text("Every expectation held.")).to_be_visible()
        phones = page.get_by_role("region", name="Phones")
        for channel in ("WhatsApp", "Telegram", "Viber", "Instagram"):
            await expect(phones.get_by_role("article", name=channel).locator(".chat")).to_have_count(1)
        whatsapp = phones.get_by_role("article", name="WhatsApp")
        await expect(whatsapp).to_contain_text("Alex Stone")
        await expect(whatsapp).to_contain_text("Sweden")
        falls = page.get_by_role("list", name="Deliveries, newest first").get_by_role("listitem")
        await expect(falls).to_have_count(4)
        await expect(falls.filter(has_text="Success")).to_have_count(4)
        address = page.url
        # The address holds what is open: somebody else sees the same, attempts included.
        await expect(falls.filter(has_text="200")).to_have_count(4)
        said = sorted(await falls.all_inner_texts())
        await page.reload()
        await expect(falls).to_have_count(4)
        await expect(page.get_by_text("Every expectation held.")).to_be_visible()
        await expect(falls.filter(has_text="200")).to_have_count(4)
        assert page.url == address
        await expect_texts(falls, said)


async def test_it_is_paused_stepped_and_played_again_by_keys(server):
    run = played(server, PATIENT)
    async with visiting(server) as visitor:
        page = await visitor.open(f"stage/{run}")
        await expect(page.get_by_text("Alex writes.")).to_be_visible()
        await expect(page.locator(".segment[aria-current=step]")).to_have_attribute("data-kind", "wait")
        await page.keyboard.press("Space")
        await expect(page.get_by_text("paused", exact=True)).to_be_visible()
        assert server.call("GET", f"/runs/{run}")["status"] == "paused"
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_text("And somebody on Viber.")).to_be_visible()
        await page.keyboard.press("r")
        await expect(page).not_to_have_url(re.compile(run))
        await expect(page.get_by_text("Alex writes.")).to_be_visible()
        assert server.call("GET", f"/runs/{run}")["status"] == "stopped"
        again = server.call("GET", "/runs")["items"][0]
        assert again["seed"] == server.call("GET", f"/runs/{run}")["seed"]


async def test_the_speed_changes_while_it_plays(server):
    run = played(server, PATIENT)
    async with visiting(server) as visitor:
        page = await visitor.open(f"stage/{run}")
        await page.keyboard.press("]")
        await expect(page.get_by_role("button", name="5×")).to_have_attribute("aria-pressed", "true")
        assert server.call("GET", f"/runs/{run}")["speed"] == 5
        await page.get_by_role("button", name="Max").click()
        await expect(page.get_by_text("Every expectation held.")).to_be_visible()


async def test_a_delayed_delivery_counts_down_to_when_it_really_goes_out(server):
    late = PATIENT.replace("note: Alex writes.", "note: Alex writes., faults: [{do: delay, by: 30m}]")
    run = played(server, late)
    async with visiting(server) as visitor:
        page = await visitor.open(f"stage/{run}")
        says = page.get_by_role("list", name="Deliveries, newest first").locator(".says").first
        await expect(says).to_have_text(re.compile(r"^in (30|29) min"))
        await page.get_by_role("button", name="Pause").click()
        await page.get_by_role("button", name="One step").click()
        await page.get_by_role("button", name="One step").click()
        await expect(says).to_have_text("Success")


async def test_a_subscriber_that_goes_down_is_seen_and_recovers(server):
    run = played(server, PATIENT)
    async with visiting(server) as visitor:
        page = await visitor.open(f"stage/{run}")
        await expect(page.get_by_text("Success")).to_be_visible()
        await page.get_by_role("button", name="Subscriber down").click()
        await expect(page.locator(".mood")).to_have_text("down")
        assert server.call("GET", "/subscriber")["outage"]["status"] == "down"
        await page.get_by_role("button", name="Pause").click()
        await page.get_by_role("button", name="One step").click()
        fall = page.get_by_role("list", name="Deliveries, newest first").get_by_role("listitem").first
        await expect(fall).to_have_attribute("data-tone", "bad")
        await expect(fall).to_contain_text("connect")
        await expect(fall).to_contain_text(re.compile(r"again in \d+ s"))
        await page.get_by_role("button", name="Recover").click()
        await expect(page.locator(".mood")).to_have_text("well")
        await page.get_by_role("button", name="Play", exact=True).click()
        await page.get_by_role("button", name="Max").click()
        await expect(fall).to_contain_text("Success")


async def test_the_next_three_are_refused_and_no_more(server):
    async with visiting(server) as visitor:
        run = played(server, PATIENT.replace("wait: 1h", "wait: 1s"), start="2026-04-24T14:02:10Z")
        page = await visitor.open(f"stage/{run}")
        # Over, so that nothing of it is among the three.
        await expect(page.get_by_text("Every expectation held.")).to_be_visible()
        await page.keyboard.press("3")
        await expect(page.get_by_text("The next three requests will be refused.").last).to_be_visible()
        await page.keyboard.press("r")
        await page.get_by_role("button", name="Max").click()
        await expect(page.get_by_text("Every expectation held.")).to_be_visible()
        await expect(page.locator(".blip[data-tone=bad]")).to_have_count(3)
        await expect(page.locator(".codes code", has_text="503").first).to_be_visible()
        # They are used up: it is well again, and the button says so too.
        await expect(page.locator(".mood")).to_have_text("well")
        reject = page.get_by_role("button", name="Reject the next three")
        await expect(reject).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1280, 800), (1440, 900), (1920, 1080)])
async def test_four_phones_stand_side_by_side_above_the_fold(server, width, height):
    run = played(server, server.call("GET", "/scenarios/first-contact")["source"], speed="max")
    async with visiting(server, width=width, height=height) as visitor:
        page = await visitor.open(f"stage/{run}")
        phones = page.locator(".phone")
        await expect(phones).to_have_count(4)
        for presenting in (False, True):
            if width < 1280 and not presenting:
                continue
            if presenting:
                await page.goto(f"{page.url}?present=yes")
                await expect(page.get_by_role("navigation")).to_be_hidden()
            boxes = [await phone.bounding_box() for phone in await phones.all()]
            assert len({box["y"] for box in boxes}) == 1
            assert all(box["y"] + box["height"] <= height for box in boxes)
            # Nothing that is said on a phone is cut off by its edge, nor are phones by each other.
            ends = [box["x"] + box["width"] for box in boxes]
            assert all(end <= box["x"] for end, box in zip(ends, boxes[1:], strict=False))
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            wide = "it => it.querySelector('.chat-body').getBoundingClientRect().right"
            for phone, end in zip(await phones.all(), ends, strict=True):
                assert await phone.evaluate(wide) < end


async def test_escape_closes_the_help_first_and_ends_the_presentation_only_then(server):
    run = played(server, PATIENT)
    async with visiting(server) as visitor:
        page = await visitor.open(f"stage/{run}?present=yes")
        await expect(page.get_by_text("Alex writes.")).to_be_visible()
        await page.keyboard.press("?")
        help = page.get_by_role("dialog", name="Keyboard shortcuts")
        await expect(help).to_be_visible()
        await page.keyboard.press("1")  # what lies under it is out of reach
        await page.keyboard.press("Escape")
        await expect(help).to_have_count(0)
        await expect(page.get_by_role("navigation")).to_be_hidden()
        assert server.call("GET", "/subscriber")["outage"] is None
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("navigation")).to_be_visible()


async def test_a_speed_chosen_a_moment_too_late_is_no_error(server):
    run = played(server, PATIENT)
    async with visiting(server) as visitor:
        visitor.forgiven = ("409",)
        page = await visitor.open(f"stage/{run}")
        await expect(page.get_by_text("Alex writes.")).to_be_visible()
        # The page hears of it only when it reads the run again: until then it offers speeds.
        steered = []
        page.on("request", lambda it: steered.append(it) if it.method == "PUT" else None)

        async def unread(route):
            await (route.fallback() if steered else route.abort())

        await page.route(f"**/runs/{run}", unread)
        visitor.forgiven += ("ERR_FAILED",)
        server.call("POST", f"/runs/{run}/stop")
        await page.get_by_role("button", name="5×").click()
        await expect(page.get_by_role("button", name="Play it again")).to_be_visible()
        await expect(page.locator(".toast")).to_have_count(0)


async def test_a_subscriber_that_its_scenario_has_fail_is_seen_not_to_be_well(server):
    failing = PATIENT.replace("steps:", "subscriber: {outage: {from: 0s, for: 30m, status: 503}}\nsteps:")
    run = played(server, failing)
    async with visiting(server) as visitor:
        page = await visitor.open(f"stage/{run}")
        await expect(page.locator(".codes code", has_text="503").first).to_be_visible()
        await expect(page.locator(".mood")).to_have_text("not well")


async def test_slow_answers_are_scripted_and_shown(server):
    run = played(server, PATIENT)
    async with visiting(server) as visitor:
        page = await visitor.open(f"stage/{run}")
        await page.get_by_role("button", name="Slow").click()
        await expect(page.locator(".mood")).to_have_text("slow")
        assert server.call("GET", "/subscriber")["respond"] == [{"status": 200, "after": "3s"}]


def ones_own(server):
    """A connection to somebody's own server, which happens to be the built-in subscriber; its id."""
    url = server.call("GET", "/subscriber")["url"].replace("127.0.0.1", "localhost")
    return server.call("POST", "/connections", {"name": "crm", "url": url})["id"]


async def test_where_the_subscriber_is_ones_own_deliveries_are_held_back_and_let_go(server):
    id = ones_own(server)
    run = played(server, PATIENT)
    async with visiting(server) as visitor:
        page = await visitor.open(f"stage/{run}")
        await expect(page.get_by_text("Success")).to_be_visible()
        await expect(page.get_by_role("button", name="Slow")).to_have_count(0)
        hold = page.get_by_role("button", name="Hold deliveries back")
        await hold.click()
        await expect(page.locator(".mood")).to_have_text("held back")
        await expect(hold).to_have_attribute("aria-pressed", "true")
        shown = server.call("GET", f"/connections/{id}")
        assert (shown["held"], shown["active"]) == (True, True)
        # What happens meanwhile makes its delivery, and that waits.
        await page.get_by_role("button", name="Pause").click()
        await page.get_by_role("button", name="One step").click()
        falls = page.get_by_role("list", name="Deliveries, newest first").get_by_role("listitem")
        await expect(falls).to_have_count(2)
        await expect(falls.first.locator(".says")).to_have_text("held back")
        assert server.call("GET", f"/runs/{run}")["deliveries"] == {"PENDING": 1, "SUCCESS": 1}
        await page.get_by_role("button", name="Let them go").click()
        await expect(page.locator(".mood")).to_have_text("your own")
        await expect(falls.first).to_contain_text("Success")
        await expect(hold).to_have_attribute("aria-pressed", "false")


async def test_letting_go_says_so_where_the_connection_is_paused_besides(server):
    id = ones_own(server)
    run = played(server, PATIENT)
    server.call("PATCH", f"/connections/{id}", {"active": False})
    async with visiting(server) as visitor:
        page = await visitor.open(f"stage/{run}")
        await expect(page.locator(".mood")).to_have_text("paused")
        await page.get_by_role("button", name="Let them go").click()
        await expect(page.get_by_text("crm is paused: resume it under Connections.").last).to_be_visible()
        await expect(page.locator(".mood")).to_have_text("paused")


async def test_presenting_hides_the_frame_and_addresses_and_is_left_by_escape(server):
    run = played(server, PATIENT)
    async with visiting(server, width=1920, height=1080) as visitor:
        page = await visitor.open(f"stage/{run}")
        url = server.call("GET", "/subscriber")["url"]
        await expect(page.get_by_text(url)).to_be_visible()
        await page.keyboard.press("p")
        await expect(page.get_by_role("navigation")).to_be_hidden()
        await expect(page.get_by_text(url)).to_have_count(0)
        assert "whsec_" not in await page.content()
        size = "parseFloat(getComputedStyle(document.querySelector('.stage-note p')).fontSize)"
        assert await page.evaluate(size) >= 24
        await page.keyboard.press("n")
        await expect(page.get_by_text("Alex writes.")).to_have_count(0)
        await page.keyboard.press("n")
        await expect(page.get_by_text("Alex writes.")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("navigation")).to_be_visible()


async def test_hostile_names_notes_and_titles_are_text(server):
    run = played(server, HOSTILE, speed="max")
    async with visiting(server) as visitor:
        dialogs = []
        visitor.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        page = await visitor.open(f"stage/{run}")
        await expect(page.get_by_role("heading", level=1)).to_have_text("<img src=x onerror=alert(1)>")
        await expect(page.locator(".chat")).to_contain_text("<script>document.title='taken'</script>")
        await expect(page).to_have_title(re.compile("Stage"))
        assert await page.locator("main script, main img, main [onclick]").count() == 0
        assert dialogs == []


async def test_a_run_that_is_not_there_says_what_to_do(server):
    async with visiting(server) as visitor:
        visitor.forgiven = ("404",)
        page = await visitor.open("stage/run_000000000000")
        await expect(page.get_by_text("This run is not here")).to_be_visible()
        await page.get_by_role("link", name="Choose a scenario").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Stage")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_on_a_full_stage(server, scheme):
    run = server.play("first-contact")
    async with visiting(server, color_scheme=scheme, reduced_motion="reduce") as visitor:
        page = await visitor.open(f"stage/{run}")
        await expect(page.get_by_text("Every expectation held.")).to_be_visible()
        assert await visitor.axe() == []
        await page.keyboard.press("p")
        await expect(page.get_by_role("navigation")).to_be_hidden()
        assert await visitor.axe() == []


async def test_a_full_stage_is_no_wider_than_the_screen(server):
    run = server.play("first-contact")
    async with visiting(server) as visitor:
        page = await visitor.open(f"stage/{run}")
        await expect(page.get_by_text("Every expectation held.")).to_be_visible()
        for width in (360, 820, 1920):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, width
