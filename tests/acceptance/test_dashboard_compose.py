"""Compose on the dashboard: a form, the same as JSON, the envelope, and what became of it."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import expect

from tests.acceptance.browser import SHARING, served, shared_browser, visiting  # noqa: F401 - a fixture

pytestmark = SHARING


@pytest.fixture(scope="module")
def running():
    with served() as started:
        yield started


@pytest.fixture
def server(running):
    running.call("POST", "/reset?connections=true")
    running.call("PUT", "/subscriber", {"respond": [200], "outage": None})
    return running


def connect(server, name="crm", **fields):
    url = server.call("GET", "/subscriber")["url"]
    return server.call("POST", "/connections", {"name": name, "url": url, **fields})


async def envelope(page):
    return json.loads(await page.get_by_label("The envelope", exact=True).inner_text())


async def order(page):
    return json.loads(await page.get_by_label("The event as JSON").input_value())


async def test_who_is_shown_is_who_is_sent(server):
    connect(server)
    async with visiting(server) as visitor:
        page = await visitor.open("compose")
        await expect(page.get_by_label("The envelope", exact=True)).to_contain_text('"channel": "WHATSAPP"')
        shown = (await envelope(page))["data"]
        await page.get_by_role("button", name="Send", exact=True).click()
        became = page.get_by_role("region", name="What became of it")
        await expect(became).to_contain_text("Taken: 200")
        [line] = server.call("GET", "/deliveries")["items"]
        attempt = server.call("GET", f"/deliveries/{line['id']}")["attempts"][0]
        sent = json.loads(attempt["request"]["body"])["data"]
        for field in ("firstName", "lastName", "externalChatId"):
            assert sent["chat"].get(field) == shown["chat"].get(field)
        assert sent["contact"].get("phoneNumber") == shown["contact"].get("phoneNumber")
        await became.get_by_role("link", name="Look at the delivery").click()
        await expect(page).to_have_url(re.compile(line["id"]))


async def test_the_form_and_the_json_are_one(server):
    connect(server)
    async with visiting(server) as visitor:
        page = await visitor.open("compose")
        await page.get_by_role("button", name="Telegram").click()
        await page.get_by_role("button", name="As I say").click()
        await page.get_by_label("First name").fill("Zoë")
        await page.get_by_label("Tags of the contact").fill("vip, new")
        await page.get_by_label("Tags of the contact").blur()
        made = await order(page)
        assert made["channel"] == "TELEGRAM"
        assert made["contact"] == {"firstName": "Zoë"}
        assert made["data"] == {"contact": {"tags": ["vip", "new"]}}
        await expect(page.get_by_label("The envelope", exact=True)).to_contain_text('"firstName": "Zoë"')
        editor = page.get_by_label("The event as JSON")
        await editor.fill(json.dumps(made | {"origin": "flow", "contact": {"firstName": "Olena"}}))
        await expect(page.get_by_label("First name")).to_have_value("Olena")
        await expect(page.get_by_role("button", name="A flow wrote to them")).to_have_attribute(
            "aria-pressed", "true"
        )
        await expect(page.get_by_label("The envelope", exact=True)).to_contain_text('"firstName": "Olena"')
        await page.reload()
        await expect(page.get_by_label("First name")).to_have_value("Olena")


async def test_nobody_known_leaves_the_contact_out(server):
    connect(server)
    async with visiting(server) as visitor:
        page = await visitor.open("compose")
        await expect(page.get_by_label("The envelope", exact=True)).to_contain_text("contact")
        await page.get_by_role("button", name="Nobody known").click()
        await expect(page.get_by_label("The envelope", exact=True)).not_to_contain_text('"contact"')


async def test_somebody_else_is_somebody_else(server):
    connect(server)
    async with visiting(server) as visitor:
        page = await visitor.open("compose")
        await expect(page.get_by_label("The envelope", exact=True)).to_contain_text("externalChatId")
        before = (await envelope(page))["data"]["chat"]["externalChatId"]
        await page.get_by_role("button", name="Somebody else").click()
        await expect(page.get_by_label("The envelope", exact=True)).not_to_contain_text(before)


async def test_what_is_wrong_is_told_at_its_line_and_at_its_field(server):
    connect(server)
    async with visiting(server) as visitor:
        visitor.forgiven = ("422",)
        page = await visitor.open("compose")
        editor = page.get_by_label("The event as JSON")
        await editor.fill('{\n  "event": "chat.created",\n  "channel": VIBER\n}')
        problems = page.get_by_role("group", name="Problems")
        await expect(problems).to_contain_text("3:14")
        await expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
        await editor.fill('{\n  "event": "chat.created",\n  "channel": "VIBR"\n}')
        await expect(problems).to_contain_text("did you mean VIBER?")
        await problems.get_by_role("button").first.click()
        await expect(editor).to_be_focused()
        assert (
            await editor.evaluate("it => it.value.slice(it.selectionStart, it.selectionEnd)") == '"channel"'
        )
        await editor.fill(
            '{"event": "chat.created", "channel": "WHATSAPP", "contact": {"phoneNumber": "12"}}'
        )
        await expect(page.get_by_label("Phone number")).to_have_attribute("aria-invalid", "true")


async def test_without_a_connection_it_says_that_nobody_hears(server):
    async with visiting(server) as visitor:
        page = await visitor.open("compose")
        await expect(page.get_by_text("Nobody is connected yet")).to_be_visible()
        await expect(page.get_by_label("The envelope", exact=True)).to_contain_text("WHATSAPP")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_text("Nobody heard of it")).to_be_visible()


async def test_a_refusal_is_seen_without_leaving(server):
    connect(server)
    server.call("PUT", "/subscriber", {"respond": [422]})
    async with visiting(server) as visitor:
        page = await visitor.open("compose")
        await page.get_by_role("button", name="Send", exact=True).click()
        became = page.get_by_role("region", name="What became of it")
        await expect(became).to_contain_text("Refused: 422")
        await expect(became).to_contain_text("Likely: the body was read")


async def test_a_draft_is_there_again_after_a_look_elsewhere(server):
    async with visiting(server) as visitor:
        page = await visitor.open("compose")
        await expect(page.get_by_role("button", name="Start over")).to_have_count(0)
        await page.get_by_role("button", name="Telegram").click()
        draft = await order(page)
        areas = page.get_by_role("navigation")
        await areas.get_by_role("link", name="Deliveries").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Deliveries")
        await page.reload()
        await areas.get_by_role("link", name="Compose").click()
        await expect(page.get_by_role("button", name="Telegram")).to_have_attribute("aria-pressed", "true")
        assert await order(page) == draft
        await page.get_by_label("The event as JSON").fill('{"event": ')
        await areas.get_by_role("link", name="Deliveries").click()
        await areas.get_by_role("link", name="Compose").click()
        await expect(page.get_by_label("The event as JSON")).to_have_value('{"event": ')
        await page.get_by_role("button", name="Start over").click()
        await expect(page.get_by_role("button", name="WhatsApp")).to_have_attribute("aria-pressed", "true")
        assert (await order(page))["event"] == "chat.created"


async def test_what_somebody_pins_is_text(server):
    hostile = "<img src=x onerror=alert(1)>"
    connect(server, hostile)
    async with visiting(server) as visitor:
        page = await visitor.open("compose")
        await page.get_by_role("button", name="As I say").click()
        await page.get_by_label("First name").fill(hostile)
        await expect(page.get_by_label("The envelope", exact=True)).to_contain_text("<img src=x")
        assert await page.locator("main img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280, 1920])
async def test_axe_finds_nothing_serious_in_compose_and_nothing_is_too_wide(server, width, scheme):
    connect(server)
    async with visiting(server, width=width, color_scheme=scheme) as visitor:
        page = await visitor.open("compose")
        await page.get_by_role("button", name="As I say").click()
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_role("region", name="What became of it")).to_contain_text("Taken")
        assert await visitor.axe() == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
