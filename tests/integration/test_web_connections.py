"""Connections over the API: made, shown, changed; and what is known of their secrets."""

import pytest

from sandbox.core.model import Basic, Bearer, Connection, Hmac, NoAuth
from sandbox.core.retry import RetryPolicy

GIVEN = {
    "HMAC": {"type": "HMAC", "secret": "whsec_0123456789abcdefghij"},
    "BEARER": {"type": "BEARER", "token": "tok_0123456789abcdefghij"},
    "BASIC": {"type": "BASIC", "username": "crm", "password": "a long and good password"},
    "NONE": {"type": "NONE"},
}
SHOWN = {
    "HMAC": {"type": "HMAC", "secret": "whsec_…ghij"},
    "BEARER": {"type": "BEARER", "token": "…ghij"},
    "BASIC": {"type": "BASIC", "username": "crm", "password": "***"},
    "NONE": {"type": "NONE"},
}


async def test_a_connection_is_made_with_what_is_left_out_filled_in(api):
    made = await api.post("/connections", {"name": "crm", "url": "http://127.0.0.1:9/hook"})
    assert made.status == 201
    shown = made.json
    assert made.headers["Location"] == f"/api/v1/connections/{shown['id']}"
    assert list(shown) == [
        "id", "name", "url", "active", "held", "events", "retry", "concurrency", "read_only", "auth",
    ]  # fmt: skip
    assert (shown["active"], shown["events"], shown["retry"], shown["concurrency"]) == (
        True, ["chat.created"], "wexio", 32,
    )  # fmt: skip
    assert shown["auth"]["secret"].startswith("whsec_")


async def test_a_generated_secret_is_whole_in_the_answer_that_made_it_and_in_no_other(api):
    made = await api.connected()
    secret = made["auth"]["secret"]
    [held] = api.workspace.connections()
    assert held.connection.auth == Hmac(secret)
    for path in ("/connections", f"/connections/{made['id']}"):
        shown = await api.get(path)
        assert secret not in shown.text
        assert f"whsec_…{secret[-4:]}" in shown.text
    assert secret not in (await api.patch(f"/connections/{made['id']}", {"active": False})).text


@pytest.mark.parametrize("kind", GIVEN)
async def test_each_way_to_authorise_is_taken_and_shown_masked(api, kind):
    made = await api.connected(auth=GIVEN[kind])
    [held] = api.workspace.connections()
    assert (
        held.connection.auth
        == {
            "HMAC": Hmac("whsec_0123456789abcdefghij"),
            "BEARER": Bearer("tok_0123456789abcdefghij"),
            "BASIC": Basic("crm", "a long and good password"),
            "NONE": NoAuth(),
        }[kind]
    )
    assert (await api.get(f"/connections/{made['id']}")).json["auth"] == SHOWN[kind]


@pytest.mark.parametrize("secret", ["s", "whsec_test", "whsec_12345678", "0123456789abcde"])
async def test_of_a_short_secret_nothing_is_shown(api, secret):
    made = await api.connected(auth={"type": "HMAC", "secret": secret})
    assert (await api.get(f"/connections/{made['id']}")).json["auth"] == {"type": "HMAC", "secret": "***"}


async def test_a_secret_is_rotated_and_shown_once(api):
    made = await api.connected()
    rotated = await api.post(f"/connections/{made['id']}/rotate-secret")
    assert rotated.status == 200
    secret = rotated.json["auth"]["secret"]
    assert secret != made["auth"]["secret"]
    assert api.workspace.connection(made["id"]).connection.auth == Hmac(secret)
    assert secret not in (await api.get("/connections")).text


async def test_what_signs_nothing_has_no_secret_to_rotate(api):
    made = await api.connected(auth=GIVEN["NONE"])
    refused = await api.post(f"/connections/{made['id']}/rotate-secret")
    assert refused.status == 409
    assert "signs nothing" in refused.json["detail"]


POLICIES = {
    "a preset": "svix",
    "delays": {"attempts": 3, "delays": ["1s", "1m30s"], "timeout": "2s", "give_up_on": [400, 410], "retry_after": "honour"},
    "a backoff": {
        "attempts": 9, "backoff": {"base": "500ms", "factor": 3.0, "max": "1h", "jitter": 0.2},
        "timeout": "10s", "give_up_on": [], "retry_after": "ignore",
    },
}  # fmt: skip


@pytest.mark.parametrize("given", POLICIES.values(), ids=POLICIES)
async def test_a_retry_policy_comes_back_as_it_was_given_and_can_be_sent_again(api, given):
    made = await api.connected(retry=given)
    assert made["retry"] == given
    again = await api.patch(f"/connections/{made['id']}", {"retry": made["retry"]})
    assert again.json["retry"] == given


@pytest.mark.parametrize(
    ("retry", "field", "says"),
    [
        ({"attempts": 3, "delays": ["1s"]}, "/retry/delays", "3 attempts have 2 delays between them, not 1"),
        ({"attempts": 3}, "/retry", "attempts need delays or a backoff between them"),
        ("svixx", "/retry", "'svixx' is none of wexio, none, svix"),
        ({"attempts": 2, "delays": [5]}, "/retry/delays/0", "5 has no unit: write 5s for seconds"),
    ],
)
async def test_a_retry_policy_that_does_not_add_up_is_told(api, retry, field, says):
    for call in (
        api.post("/connections", {"name": "crm", "url": "http://127.0.0.1:9/", "retry": retry}),
        api.patch(f"/connections/{(await api.connected('other'))['id']}", {"retry": retry}),
    ):
        refused = await call
        assert (refused.status, refused.errors) == (422, {field: says})


async def test_only_what_is_sent_is_changed(api):
    made = await api.connected(events=["chat.created", "flow"], retry="svix")
    changed = await api.patch(
        f"/connections/{made['id']}", {"name": "erp", "active": False, "concurrency": 1, "retry": None}
    )
    assert changed.status == 200
    assert set(api.workspace.asked[-1]) == {"name", "active", "concurrency", "retry"}
    shown = changed.json
    assert (shown["name"], shown["active"], shown["concurrency"], shown["retry"]) == (
        "erp",
        False,
        1,
        "wexio",
    )
    assert (shown["events"], shown["url"]) == (["chat.created", "flow"], made["url"])


async def test_a_change_of_nothing_changes_nothing(api):
    made = await api.connected()
    assert (await api.patch(f"/connections/{made['id']}", {})).status == 200
    assert api.workspace.asked == []


async def test_hmac_without_a_secret_keeps_the_one_there_is(api):
    made = await api.connected()
    await api.patch(f"/connections/{made['id']}", {"auth": {"type": "HMAC"}})
    assert api.workspace.connection(made["id"]).connection.auth == Hmac(made["auth"]["secret"])


async def test_a_secret_that_a_change_makes_is_shown_by_it(api):
    made = await api.connected(auth=GIVEN["NONE"])
    changed = await api.patch(f"/connections/{made['id']}", {"auth": {"type": "HMAC"}})
    assert api.workspace.connection(made["id"]).connection.auth == Hmac(changed.json["auth"]["secret"])


@pytest.mark.parametrize("kind", ["HMAC", "BEARER", "BASIC"])
async def test_the_masked_form_is_not_taken_for_a_secret(api, kind):
    made = await api.connected(auth=GIVEN[kind])
    refused = await api.patch(f"/connections/{made['id']}", {"auth": SHOWN[kind]})
    [message] = refused.errors.values()
    assert (refused.status, message) == (422, "is the masked form, as it is shown")


async def test_a_connection_is_held_and_let_go_and_says_so(api):
    made = await api.connected()
    assert made["held"] is False
    for call, held in (("hold", True), ("hold", True), ("release", False), ("release", False)):
        answer = await api.post(f"/connections/{made['id']}/{call}")
        assert (answer.status, answer.json["held"], answer.json["active"]) == (200, held, True)
        assert (await api.get(f"/connections/{made['id']}")).json == answer.json
        assert "…" in answer.json["auth"]["secret"]


async def test_what_the_configuration_file_defines_can_be_held(api):
    held = await api.workspace.connect(Connection(name="file", url="http://127.0.0.1:9/"), read_only=True)
    answer = await api.post(f"/connections/{held.connection.id}/hold")
    assert (answer.json["held"], answer.json["read_only"]) == (True, True)


@pytest.mark.parametrize("call", ["hold", "release"])
async def test_a_connection_that_is_not_there_is_not_held(api, call):
    assert (await api.post(f"/connections/{'f' * 24}/{call}")).status == 404


async def test_a_connection_is_forgotten(api):
    made = await api.connected()
    assert (await api.delete(f"/connections/{made['id']}")).status == 204
    assert (await api.get(f"/connections/{made['id']}")).status == 404
    assert (await api.delete(f"/connections/{made['id']}")).status == 404


async def test_a_name_that_is_taken_is_a_conflict(api):
    await api.connected()
    assert (await api.post("/connections", {"name": "crm", "url": "http://127.0.0.1:9/"})).status == 409


async def test_what_the_configuration_file_defines_is_read_only(api):
    held = await api.workspace.connect(Connection(name="file", url="http://127.0.0.1:9/"), read_only=True)
    id = held.connection.id
    assert (await api.get(f"/connections/{id}")).json["read_only"] is True
    for call in (
        api.patch(f"/connections/{id}", {"active": False}),
        api.delete(f"/connections/{id}"),
        api.post(f"/connections/{id}/rotate-secret"),
    ):
        assert (await call).status == 409


async def test_a_policy_without_a_preset_s_name_is_shown_whole(api):
    held = await api.workspace.connect(
        Connection(name="file", url="http://127.0.0.1:9/", retry=RetryPolicy(attempts=1))
    )
    shown = (await api.get(f"/connections/{held.connection.id}")).json["retry"]
    assert shown == {"attempts": 1, "delays": [], "timeout": "10s", "give_up_on": [], "retry_after": "ignore"}


WRONG = {
    "no url": ({"name": "x"}, {"/url": "is missing"}),
    "another scheme": (
        {"name": "x", "url": "ftp://h/"},
        {"/url": "the url 'ftp://h/' must begin with http:// or https://"},
    ),
    "a name that is no text": ({"name": 5, "url": "http://h/"}, {"/name": "must be text"}),
    "an empty name": ({"name": "", "url": "http://h/"}, {"/name": "must not be empty"}),
    "null": ({"name": None, "url": "http://h/"}, {"/name": "is null"}),
    "a field misspelt": (
        {"name": "x", "url": "http://h/", "evnts": []},
        {"/evnts": "there is no field 'evnts' here"},
    ),
    "an event that is not documented": (
        {"name": "x", "url": "http://h/", "events": ["chat.made"]},
        {"/events/0": "Wexio documents no event called 'chat.made'"},
    ),
    "an id of another form": (
        {"name": "x", "url": "http://h/", "id": "abc"},
        {"/id": "'abc' is not 24 lower-case hex digits"},
    ),
    "a password without a user": (
        {"name": "x", "url": "http://h/", "auth": {"type": "BASIC", "password": "p"}},
        {"/auth/username": "is missing"},
    ),
    "an auth of no type": ({"name": "x", "url": "http://h/", "auth": {}}, {"/auth/type": "is missing"}),
    "a list": ([], {"": "must be an object"}),
    "many at once": (
        {"name": "", "url": "h", "active": "yes", "concurrency": 0},
        {
            "/name": "must not be empty",
            "/url": "the url 'h' must begin with http:// or https://",
            "/active": "must be true or false",
            "/concurrency": "0 is out of range: a whole number from 1 to 10,000 is needed",
        },
    ),
}


@pytest.mark.parametrize(("body", "errors"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_told_field_by_field(api, body, errors):
    refused = await api.post("/connections", body)
    assert (refused.status, refused.errors) == (422, errors)
    assert api.workspace.connections() == ()


async def test_a_misspelt_field_has_its_likely_correction(api):
    refused = await api.post("/connections", {"name": "x", "url": "http://h/", "evnts": []})
    assert refused.hints == {"/evnts": "did you mean events?"}


CONTROLS = ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "a\x7fb"]


@pytest.mark.parametrize("text", CONTROLS, ids=ascii)
@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("/url", lambda text: {"url": f"http://h/{text}"}),
        ("/auth/token", lambda text: {"auth": {"type": "BEARER", "token": text}}),
    ],
    ids=["url", "token"],
)
async def test_nothing_that_reaches_a_header_carries_control_characters(api, field, body, text):
    refused = await api.post("/connections", {"name": "x", "url": "http://h/"} | body(text))
    assert refused.status == 422
    assert list(refused.errors) == [field]


async def test_a_user_name_with_a_colon_is_refused_where_it_stands(api):
    auth = {"type": "BASIC", "username": "a:b", "password": "p"}
    refused = await api.post("/connections", {"name": "x", "url": "http://h/", "auth": auth})
    assert list(refused.errors) == ["/auth/username"]


HOSTILE = ["<script>alert(1)</script>", "\u202egnp.exe", "a\x1b[31mred", "'; DROP TABLE x; --", "🙂" * 50]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
async def test_a_hostile_name_comes_back_as_it_is_and_harms_nobody(api, name):
    made = await api.connected(name)
    shown = await api.get("/connections")
    assert shown.json["items"][0]["name"] == made["name"] == name
    assert shown.headers["Content-Type"].startswith("application/json")
    page = await api.get("//")
    assert "<script>alert" not in page.text
