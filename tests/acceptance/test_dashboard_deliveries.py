"""Deliveries on the dashboard: the list that keeps up, and one delivery with all that is known of it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.acceptance.browser import SHARING, served, shared_browser, visiting  # noqa: F401 - a fixture

pytestmark = SHARING

HOSTILE = '<img src=x onerror="document.title=`taken`"><b>[/b]'
FAST = {"attempts": 3, "delays": ["1s", "1s"]}


def connect(server, name="crm", **fields):
    url = server.call("GET", "/subscriber")["url"]
    body = {"name": name, "url": url, "auth": {"type": "HMAC"}, "events": ["chat.created"], "retry": FAST}
    return server.call("POST", "/connections", {**body, **fields})


def emit(server, **fields):
    answer = server.call("POST", "/events", {"event": "chat.created", "channel": "VIBER", **fields})
    return answer["deliveries"]


@pytest.fixture(scope="module")
def running():
    with served() as started:
        started.call("PUT", "/clock", {"speed": "max"})
        yield started


@pytest.fixture
def server(running):
    running.call("POST", "/reset?connections=true")
    running.call("PUT", "/subscriber", {"respond": [200], "outage": None})
    return running


@pytest.fixture
def refused(server):
    """A server with one delivery, taken at the third attempt; its id."""
    connect(server)
    server.call("PUT", "/subscriber", {"respond": [401, 503, 200]})
    [id] = emit(server)
    server.call("POST", "/settle", {"timeout": "20s"})
    return id


async def test_what_happens_appears_and_leads_to_its_attempts(server, refused):
    async with visiting(server) as visitor:
        page = await visitor.open("deliveries")
        row = page.locator(".delivery-row")
        await expect(row).to_have_count(1)
        await expect(row).to_contain_text("Viber")
        await expect(row).to_contain_text("Success")
        server.call("PUT", "/subscriber", {"respond": [200]})
        emit(server)
        await expect(row).to_have_count(2)
        await row.nth(1).click()
        await expect(page.get_by_role("navigation", name="Attempts").get_by_role("button")).to_have_text(
            [re.compile("#1.*401"), re.compile("#2.*503"), re.compile("#3.*200")]
        )
        await expect(page).to_have_url(re.compile(refused))


async def test_an_attempt_shows_its_bytes_and_what_changed_since_the_one_before(server, refused):
    async with visiting(server) as visitor:
        page = await visitor.open(f"deliveries/{refused}")
        headers = page.get_by_role("row")
        await expect(headers.filter(has_text="X-Wexio-Attempt")).to_have_class("changed")
        await expect(headers.filter(has_text="X-Wexio-Signature")).to_have_class("changed")
        await expect(headers.filter(has_text="X-Wexio-Event-Id")).to_have_class("same")
        await expect(page.get_by_role("list", name="What changed in the body")).to_have_text(
            re.compile(r"^meta\.attempt\s*2\s*3$")
        )
        await expect(page.locator(".json .marked")).to_contain_text('"attempt": 3')
        await page.get_by_label("What is different from attempt 2").uncheck()
        await expect(page.locator(".changed, .marked")).to_have_count(0)
        await page.get_by_label("as it was on the wire").check()
        sent = server.call("GET", f"/deliveries/{refused}")["attempts"][2]["request"]["body"]
        await expect(page.get_by_label("Body", exact=True)).to_have_text(sent)


async def test_a_refusal_is_explained_and_its_answer_is_there(server, refused):
    async with visiting(server) as visitor:
        page = await visitor.open(f"deliveries/{refused}?attempt=1")
        await expect(page.get_by_text("Why was it answered with 401?")).to_be_visible()
        await expect(page.get_by_text("Known: the signature sent holds")).to_be_visible()
        await expect(page.get_by_text("likely", exact=True)).to_be_visible()
        await page.get_by_role("tab", name="Answer").click()
        await expect(page.get_by_text("Status 401")).to_be_visible()
        await expect(page).to_have_url(re.compile("part=answer"))
        await page.reload()
        await expect(page.get_by_text("Status 401")).to_be_visible()


async def test_the_signature_is_explained_and_a_foreign_body_judged(server, refused):
    async with visiting(server) as visitor:
        page = await visitor.open(f"deliveries/{refused}?attempt=1&part=signature")
        attempt = server.call("GET", f"/deliveries/{refused}")["attempts"][0]
        header = dict(attempt["request"]["headers"])["X-Wexio-Signature"]
        t, v1 = (item.partition("=")[2] for item in header.split(","))
        body = attempt["request"]["body"]
        await expect(page.get_by_label("The signed string")).to_have_text(f"{t}.{body}")
        await expect(page.get_by_label("The digest", exact=True)).to_have_text(v1)
        for language, word in (("Node", "timingSafeEqual"), ("Go", "hmac.Equal"), ("PHP", "hash_equals")):
            await page.get_by_role("button", name=language, exact=True).click()
            await expect(page.get_by_label(f"Verification in {language}")).to_contain_text(word)
        await page.get_by_label("The body that your server checked").fill(body.replace('":"', '": "'))
        await page.get_by_role("button", name="Explain").click()
        await expect(page.get_by_text("proven", exact=True)).to_be_visible()
        await expect(page.get_by_text(re.compile("At byte 6:"))).to_be_visible()
        await page.get_by_role("button", name="Begin with what was sent").click()
        await page.get_by_role("button", name="Explain").click()
        await expect(page.get_by_text("The signature holds.")).to_be_visible()


async def test_copy_as_curl_copies_the_request_whole(server, refused):
    async with visiting(server, permissions=["clipboard-read", "clipboard-write"]) as visitor:
        page = await visitor.open(f"deliveries/{refused}")
        await page.get_by_role("button", name="Copy as curl").click()
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        command = await page.evaluate("navigator.clipboard.readText()")
        sent = server.call("GET", f"/deliveries/{refused}")["attempts"][2]["request"]
        assert command.startswith("curl ")
        assert sent["body"].replace("'", "'\\''") in command
        for name, value in sent["headers"]:
            assert f"--header '{name}: {value}'" in command


async def test_a_resend_is_one_attempt_more_in_the_same_view(server, refused):
    async with visiting(server) as visitor:
        page = await visitor.open(f"deliveries/{refused}")
        buttons = page.get_by_role("navigation", name="Attempts").get_by_role("button")
        await expect(buttons).to_have_count(3)
        await page.get_by_role("button", name="Resend").click()
        await expect(buttons).to_have_count(4)


async def test_filters_and_search_are_in_the_address(server, refused):
    connect(server, "billing", auth={"type": "NONE"})
    server.call("PUT", "/subscriber", {"respond": [410]})
    emit(server, contact={"firstName": "Zebulon", "lastName": "Stone"})
    server.call("POST", "/settle", {"timeout": "20s"})
    async with visiting(server) as visitor:
        page = await visitor.open("deliveries")
        row = page.locator(".delivery-row")
        await expect(row).to_have_count(3)
        await page.get_by_label("Any status").select_option("Failed")
        await expect(row).to_have_count(2)
        await page.get_by_label("Any connection").select_option("billing")
        await expect(row).to_have_count(1)
        await page.get_by_role("button", name="Clear").click()
        await expect(row).to_have_count(3)
        await page.keyboard.press("/")
        await page.keyboard.type("zebulon crm")
        await expect(row).to_have_count(1)
        await page.reload()
        await expect(row).to_have_count(1)
        await expect(page.get_by_label("Search deliveries")).to_have_value("zebulon crm")
        await page.get_by_label("Search deliveries").fill("nobody of this name")
        await expect(page.get_by_text("Nothing fits")).to_be_visible()


async def test_ten_thousand_deliveries_are_a_list_of_a_few_rows(server):
    connect(server, active=False)
    crm = connect(server, "bulk", active=True)
    for _ in range(10):
        emit(server, count=1000, connection_ids=[crm["id"]])
    async with visiting(server) as visitor:
        page = await visitor.open("deliveries")
        await expect(page.locator(".list-foot")).to_contain_text("10,000 deliveries", timeout=60_000)
        row = page.locator(".delivery-row")
        assert await row.count() < 60
        await page.locator(".list").evaluate("element => element.scrollTop = element.scrollHeight")
        await expect(page.locator('[aria-posinset="10000"]')).to_be_visible()
        assert await row.count() < 60
        await row.last.focus()
        await page.keyboard.press("Home")
        await expect(page.locator('[aria-posinset="1"] a')).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await expect(page.locator('[aria-posinset="2"] a')).to_be_focused()


async def test_what_is_read_stays_where_it_is_while_new_ones_come(server):
    connect(server)
    emit(server, count=200)
    server.call("POST", "/settle", {"timeout": "20s"})
    async with visiting(server) as visitor:
        page = await visitor.open("deliveries")
        await expect(page.locator(".list-foot")).to_contain_text("200 deliveries")
        await page.locator(".list").evaluate("element => element.scrollTop = 42 * 100")
        row = page.locator('[aria-posinset="103"] a')
        await expect(row).to_be_visible()
        href = await row.get_attribute("href")
        top = (await row.bounding_box())["y"]
        emit(server, count=5)
        await expect(page.locator(".list-foot")).to_contain_text("205 deliveries")
        same = page.locator(f'.delivery-row[href="{href}"]')
        await expect(same).to_be_visible()
        assert abs((await same.bounding_box())["y"] - top) <= 2
        await page.get_by_role("button", name="To the newest").click()
        await expect(page.locator('[aria-posinset="1"]')).to_be_visible()


async def test_the_keyboard_walks_from_delivery_to_delivery(server):
    connect(server)
    emit(server, count=3)
    server.call("POST", "/settle", {"timeout": "20s"})
    async with visiting(server, width=1440) as visitor:
        page = await visitor.open("deliveries")
        await expect(page.locator(".delivery-row")).to_have_count(3)
        await page.keyboard.press("j")
        await expect(page.locator('[aria-posinset="1"] a')).to_have_attribute("aria-current", "true")
        await page.keyboard.press("j")
        await expect(page.locator('[aria-posinset="2"] a')).to_have_attribute("aria-current", "true")
        await page.keyboard.press("k")
        await expect(page.locator('[aria-posinset="1"] a')).to_have_attribute("aria-current", "true")
        await expect(page.get_by_role("region", name="Delivery", exact=True)).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("region", name="Delivery", exact=True)).to_have_count(0)


async def test_names_and_answers_of_strangers_are_text(server):
    connect(server, HOSTILE)
    data = {"chat": {"firstName": HOSTILE, "title": HOSTILE}, "contact": {"firstName": HOSTILE}}
    answer = [{"status": 400, "headers": {"X-Said": HOSTILE}}]
    server.call("PUT", "/subscriber", {"respond": answer})
    [id] = emit(server, data=data)
    async with visiting(server, width=1440) as visitor:
        page = await visitor.open(f"deliveries/{id}")
        await expect(page.get_by_role("heading", level=2).first).to_contain_text("<img src=x")
        await expect(page.locator(".delivery-row .who")).to_contain_text("<img src=x")
        await page.get_by_role("tab", name="Answer").click()
        await expect(page.get_by_role("row").filter(has_text="X-Said")).to_contain_text("<img src=x")
        assert await page.locator("main img, main b:text('[/b]')").count() == 0
        assert "taken" not in await page.title()


async def test_a_delivery_that_is_not_there_is_said_to_be_gone(server):
    async with visiting(server) as visitor:
        visitor.forgiven = ("404",)
        page = await visitor.open("deliveries/dlv_nothing")
        await expect(page.get_by_text("No delivery has this id")).to_be_visible()


async def test_where_there_is_no_room_for_the_list_an_open_delivery_still_has_the_heading(server, refused):
    async with visiting(server, width=800) as visitor:
        page = await visitor.open(f"deliveries/{refused}")
        await expect(page.get_by_role("navigation", name="Attempts")).to_be_visible()
        await expect(page.locator(".list")).to_be_hidden()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Deliveries")
        await page.set_viewport_size({"width": 1200, "height": 800})
        await expect(page.locator(".list")).to_be_visible()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Deliveries")


async def test_a_connection_that_was_made_elsewhere_meanwhile_has_its_name(server):
    async with visiting(server) as visitor:
        page = await visitor.open("deliveries")
        made = connect(server, "newcomer")
        emit(server)
        await expect(page.locator(".delivery-row .to")).to_have_text("newcomer")
        await page.get_by_label("Any connection").select_option(made["id"])
        await expect(page.locator(".delivery-row")).to_have_count(1)


async def test_what_a_restart_has_forgotten_is_said_to_be_gone():
    with served() as server:
        async with visiting(server) as visitor:
            visitor.forgiven = ("ERR_", "404")
            connect(server)
            [id] = emit(server)
            page = await visitor.open(f"deliveries/{id}")
            await expect(page.get_by_role("navigation", name="Attempts")).to_be_visible()
            server.stop()
            await expect(page.get_by_role("alert")).to_contain_text("The connection to the sandbox is lost")
            await expect(page.get_by_role("navigation", name="Attempts")).to_be_visible()
            server.start()
            await expect(page.get_by_role("heading", name="It is not there")).to_be_visible()
            await expect(page.get_by_text("Nothing has been delivered yet")).to_be_visible()


async def test_an_empty_list_says_what_to_do_first():
    with served() as server:
        async with visiting(server) as visitor:
            page = await visitor.open("deliveries")
            await expect(page.get_by_text("Nothing has been delivered yet")).to_be_visible()
            await page.get_by_role("link", name="Compose an event").click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("Compose")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
async def test_axe_finds_nothing_serious_in_a_delivery_and_nothing_is_too_wide(
    server, refused, width, scheme
):
    async with visiting(server, width=width, color_scheme=scheme) as visitor:
        for path in (
            "deliveries",
            *(f"deliveries/{refused}?attempt=1&part={it}" for it in ("request", "answer", "signature")),
        ):
            page = await visitor.open(path)
            await expect(page.locator(".delivery-row, [role=tabpanel]").first).to_be_attached()
            assert await visitor.axe() == [], path
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
