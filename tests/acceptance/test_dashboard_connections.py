"""Connections on the dashboard: made, tried, paused, changed, given a new secret, deleted."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.acceptance.browser import SHARING, served, shared_browser, visiting  # noqa: F401 - a fixture

pytestmark = SHARING

DEAD = "http://127.0.0.1:1/hook"


@pytest.fixture(scope="module")
def running():
    with served() as started:
        yield started


@pytest.fixture
def server(running):
    running.call("POST", "/reset?connections=true")
    running.call("PUT", "/subscriber", {"respond": [200], "outage": None})
    return running


def made(server, name="crm", **fields):
    return server.call("POST", "/connections", {"name": name, "url": DEAD, **fields})


async def test_the_first_connection_is_made_and_its_secret_shown_once(server):
    async with visiting(server, permissions=["clipboard-read", "clipboard-write"]) as visitor:
        page = await visitor.open("connections")
        await expect(page.get_by_text("No connection yet")).to_be_visible()
        await page.get_by_role("link", name="New connection").first.click()
        form = page.get_by_role("dialog", name="New connection")
        await expect(form.get_by_label("Name", exact=True)).to_be_focused()
        await form.get_by_label("Name", exact=True).fill("crm")
        await form.get_by_label("Address").fill(DEAD)
        await form.get_by_role("button", name="Connect", exact=True).click()
        shown = page.get_by_role("dialog", name="The signing secret")
        secret = await shown.get_by_label("The secret", exact=True).inner_text()
        assert re.fullmatch(r"whsec_[0-9a-f]{48}", secret)
        await shown.get_by_role("button", name="Copy secret").click()
        await expect(shown.get_by_role("button", name="Copied")).to_be_visible()
        assert await page.evaluate("navigator.clipboard.readText()") == secret
        await shown.get_by_role("button", name="I have it").click()
        card = page.get_by_role("listitem", name="crm")
        await expect(card).to_contain_text(f"whsec_…{secret[-4:]}")
        assert secret not in await page.content()
        await page.reload()
        await expect(card).to_be_visible()
        assert secret not in await page.content()


async def test_what_is_wrong_is_told_at_its_field(server):
    made(server, "taken")
    async with visiting(server) as visitor:
        visitor.forgiven = ("422", "409")
        page = await visitor.open("connections/new")
        form = page.get_by_role("dialog")
        address = form.get_by_label("Address")
        await address.fill("ftp://somewhere")
        await form.get_by_label("Attempts in flight at once").fill("none")
        await form.get_by_role("button", name="Connect", exact=True).click()
        await expect(form.get_by_label("Name", exact=True)).to_have_accessible_description(
            re.compile("must not be empty")
        )
        await expect(address).to_have_accessible_description(re.compile("http://"))
        await expect(address).to_have_attribute("aria-invalid", "true")
        await expect(form.get_by_label("Attempts in flight at once")).to_have_attribute(
            "aria-invalid", "true"
        )
        await form.get_by_label("Name", exact=True).fill("taken")
        await address.fill(DEAD)
        await form.get_by_label("Attempts in flight at once").fill("4")
        await form.get_by_label("Policy").select_option("Delays of my own")
        await form.get_by_label("Delays").fill("1s, soon")
        await form.get_by_role("button", name="Connect", exact=True).click()
        await expect(form.get_by_label("Delays")).to_have_accessible_description(re.compile("soon"))
        await form.get_by_label("Delays").fill("1s, 2s, 3s, 4s")
        await form.get_by_role("button", name="Connect", exact=True).click()
        await expect(form.get_by_label("Name", exact=True)).to_have_accessible_description(
            re.compile("there already")
        )


async def test_a_test_says_at_once_what_became_of_it(server):
    made(server, "built-in", url=server.call("GET", "/subscriber")["url"])
    made(server, "dead", retry="none")
    async with visiting(server) as visitor:
        page = await visitor.open("connections")
        good = page.get_by_role("listitem", name="built-in")
        await good.get_by_role("button", name="Send a test").click()
        await expect(good.get_by_role("status")).to_contain_text("Taken: 200")
        server.call("PUT", "/subscriber", {"respond": [401]})
        await good.get_by_role("button", name="Send a test").click()
        await expect(good.get_by_role("status")).to_contain_text("Refused: 401")
        await expect(good.get_by_role("status")).to_contain_text("Likely: the subscriber has another secret")
        dead = page.get_by_role("listitem", name="dead")
        await dead.get_by_role("button", name="Send a test").click()
        await expect(dead.get_by_role("status")).to_contain_text("No answer: connect")
        await dead.get_by_role("link", name="Look at the delivery").click()
        await expect(page.get_by_role("heading", name="No answer: connect")).to_be_hidden()
        await page.get_by_role("tab", name="Answer").click()
        await expect(page.get_by_role("heading", name="No answer: connect")).to_be_visible()


async def test_a_connection_is_paused_and_resumed(server):
    id = made(server)["id"]
    async with visiting(server) as visitor:
        page = await visitor.open("connections")
        card = page.get_by_role("listitem", name="crm")
        await card.get_by_role("button", name="Pause").click()
        await expect(card).to_contain_text("Paused")
        assert server.call("GET", f"/connections/{id}")["active"] is False
        await expect(card.get_by_role("button", name="Send a test")).to_be_disabled()
        await card.get_by_role("button", name="Resume").click()
        await expect(card).to_contain_text("Active")


async def test_a_connection_is_held_back_and_what_waits_goes_out_when_it_is_let_go(server):
    id = made(server, url=server.call("GET", "/subscriber")["url"], auth={"type": "NONE"})["id"]
    async with visiting(server) as visitor:
        page = await visitor.open("connections")
        card = page.get_by_role("listitem", name="crm")
        await card.get_by_role("button", name="Hold back").click()
        await expect(card).to_contain_text("Held back")
        assert server.call("GET", f"/connections/{id}")["held"] is True
        await card.get_by_role("button", name="Send a test").click()
        await expect(card.get_by_role("status")).to_have_text("It waits: its connection is held back.")
        [line] = server.call("GET", f"/deliveries?connection_id={id}")["items"]
        assert line["status"] == "PENDING"
        other = await visitor.context.new_page()
        await other.goto(f"{server.url}/#/deliveries/{line['id']}")
        await expect(other.get_by_text("It waits: its connection is held back.")).to_be_visible()
        await other.goto(f"{server.url}/#/compose")
        await expect(other.get_by_label("To", exact=True)).to_contain_text("crm (held back)")
        await card.get_by_role("button", name="Let go").click()
        await expect(card).to_contain_text("Active")
        await expect(card.get_by_role("status")).to_contain_text("Taken: 200")


async def test_an_edit_changes_what_was_changed_and_keeps_the_secret(server):
    before = made(server, auth={"type": "HMAC", "secret": "whsec_that_is_long_enough"})
    async with visiting(server) as visitor:
        page = await visitor.open(f"connections/{before['id']}?edit=yes")
        form = page.get_by_role("dialog", name="Edit crm")
        await form.get_by_label("Name", exact=True).fill("billing")
        await form.get_by_label("Policy").select_option("Not at all")
        await form.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("listitem", name="billing")).to_contain_text("none")
        await expect(page.get_by_role("dialog")).to_have_count(0)
    after = server.call("GET", f"/connections/{before['id']}")
    assert (after["name"], after["retry"]) == ("billing", "none")
    assert after["auth"]["secret"] == "whsec_…ough"


async def test_a_new_secret_and_a_deletion_are_asked_about_first(server):
    id = made(server)["id"]
    async with visiting(server) as visitor:
        page = await visitor.open("connections")
        card = page.get_by_role("listitem", name="crm")
        old = server.call("GET", f"/connections/{id}")["auth"]["secret"]
        await card.get_by_role("button", name="Rotate secret").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(card.get_by_role("button", name="Rotate secret")).to_be_focused()
        assert server.call("GET", f"/connections/{id}")["auth"]["secret"] == old
        await card.get_by_role("button", name="Rotate secret").click()
        await page.get_by_role("dialog").get_by_role("button", name="Rotate the secret").click()
        secret = await page.get_by_role("dialog").get_by_label("The secret", exact=True).inner_text()
        assert server.call("GET", f"/connections/{id}")["auth"]["secret"][-4:] == secret[-4:]
        await page.get_by_role("button", name="I have it").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(card.get_by_role("button", name="Rotate secret")).to_be_focused()
        await card.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("No connection yet")).to_be_visible()


async def test_those_of_the_configuration_file_say_that_they_are_changed_there_and_can_be_held_back(tmp_path):
    file = tmp_path / "wexio-sandbox.yaml"
    file.write_text(
        f"connections:\n  - {{name: fixed, url: '{DEAD}', auth: {{type: HMAC, secret: whsec_x}}}}\n",
        encoding="utf-8",
    )
    with served("--config", str(file)) as server:
        async with visiting(server) as visitor:
            page = await visitor.open("connections")
            card = page.get_by_role("listitem", name="fixed")
            await expect(card).to_contain_text("Defined by the configuration file")
            await expect(card.get_by_role("button")).to_have_text(["Send a test", "Hold back"])
            await card.get_by_role("button", name="Hold back").click()
            await expect(card).to_contain_text("Held back")
            await card.get_by_role("button", name="Let go").click()
            await expect(card).to_contain_text("Active")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_in_connections_and_their_form(server, scheme):
    made(server)
    made(server, "paused", active=False, auth={"type": "BASIC", "username": "u", "password": "p"})
    async with visiting(server, color_scheme=scheme) as visitor:
        page = await visitor.open("connections")
        await expect(page.get_by_role("listitem", name="crm")).to_be_visible()
        await page.get_by_role("listitem", name="crm").get_by_role("button", name="Send a test").click()
        await expect(page.get_by_role("status").filter(has_text="No answer")).to_be_visible()
        assert await visitor.axe() == []
        await page.get_by_role("link", name="New connection").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await visitor.axe() == []
