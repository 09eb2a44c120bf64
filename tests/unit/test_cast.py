"""The cast: people who look real, the same for the same seed, and pinned where somebody says so."""

import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.cast import Cast
from sandbox.core.catalogue import CHANNEL_ID_FIELD, CHANNELS
from sandbox.core.envelope import Rendering, Target
from sandbox.core.errors import UsageError
from sandbox.core.ids import Seed
from sandbox.core.jsontext import dumps
from sandbox.core.model import Connection, NoAuth
from sandbox.core.moments import parse_moment
from sandbox.core.payloads import CHAT_FIELDS, CONTACT_FIELDS
from sandbox.core.persona import PINNABLE, pattern
from sandbox.core.profile import Profile, TypesProfile

SAMPLE = Path(__file__).parents[1] / "vectors" / "chat-created.sample.json"
AT = datetime(2026, 4, 24, 14, 2, 10, 123000, tzinfo=UTC)


def cast(seed=1, **options):
    return Cast(Seed(seed), **options)


def chats(number, seed=1, **options):
    """*number* of different first contacts, as their data."""
    players = cast(seed)
    return [players.chat_created(at=AT, **options).event.data for _ in range(number)]


def test_a_moment_of_another_offset_is_the_same_moment():
    abroad = timezone(timedelta(hours=2))
    here, there = (cast().chat_created(at=AT, occurred_at=moment) for moment in (AT, AT.astimezone(abroad)))
    assert (here, here.event.occurred_at.tzinfo) == (there, there.event.occurred_at.tzinfo)


def test_a_moment_without_an_offset_is_refused():
    with pytest.raises(UsageError, match="occurred_at needs an offset"):
        cast().chat_created(at=AT, occurred_at=AT.replace(tzinfo=None))


# --- the published sample ----------------------------------------------------------------


def test_the_published_sample_comes_out_field_for_field():
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    chat, contact, meta = sample["data"]["chat"], sample["data"]["contact"], sample["meta"]
    players = cast(
        organisation=meta["organisationId"],
        integrations={"WHATSAPP": chat["integrationId"]},
        contacts={"alex": {**contact, "whatsappId": chat["whatsappId"]}},
    )
    cameo = players.chat_created(
        at=parse_moment(sample["timestamp"]),
        channels=("WHATSAPP",),
        contact="alex",
        event_id=sample["id"],
        data={"chat": {name: chat[name] for name in ("id", "createdAt", "updatedAt")}},
    )
    connection = Connection(name="x", url="http://127.0.0.1:1", id=meta["connectionId"], auth=NoAuth())
    body = Rendering(cameo.event, Target(connection), 1, AT).request().body
    assert body == json.dumps(sample, separators=(",", ":")).encode()
    assert cameo.who == "Alex Stone"


# --- what every chat is -------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["inbound", "flow"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_chat_has_the_documented_fields_in_their_order_and_no_null_but_one(channel, origin):
    for data in chats(50, channels=(channel,), origin=origin):
        assert list(data) == ["chat", "contact"]
        assert [name for name in CHAT_FIELDS if name in data["chat"]] == list(data["chat"])
        assert [name for name in CONTACT_FIELDS if name in data["contact"]] == list(data["contact"])
        nulls = [name for part in data.values() for name, value in part.items() if value is None]
        assert nulls == ["archivedAt"]
        other_ids = set(CHANNEL_ID_FIELD.values()) - {CHANNEL_ID_FIELD[channel]}
        assert not other_ids & set(data["chat"])


@pytest.mark.parametrize(
    ("channel", "form"),
    [
        ("WHATSAPP", r"wa_[1-9]\d{7}"),
        ("TELEGRAM", r"[1-9]\d{8,9}"),
        ("VIBER", r"[A-Za-z0-9+/]{22}=="),
        ("INSTAGRAM", r"[1-9]\d{14,16}"),
    ],
)
def test_a_channel_s_ids_have_its_form(channel, form):
    for data in chats(100, channels=(channel,)):
        assert re.fullmatch(form, data["chat"][CHANNEL_ID_FIELD[channel]])


@pytest.mark.parametrize("origin", ["inbound", "flow"])
def test_what_is_made_up_is_written_as_javascript_would_write_it(origin):
    types = TypesProfile(viber_id='"\\é\n{digits:9}')  # an id may have any form
    players = cast(profile=Profile(types=types))
    for _ in range(500):
        event = players.chat_created(at=AT, origin=origin).event
        assert event.data_json == dumps(event.data)


def test_what_a_channel_tells_is_what_it_knows():
    whatsapp = chats(200, channels=("WHATSAPP",))
    assert all(data["chat"]["externalChatId"] == data["chat"]["whatsappId"] for data in whatsapp)
    assert all("phoneNumber" in data["contact"] for data in whatsapp)
    assert not any("username" in data["chat"] for data in whatsapp)
    instagram = chats(200, channels=("INSTAGRAM",))
    assert all("username" in data["chat"] for data in instagram)
    assert not any("phoneNumber" in data["contact"] for data in instagram)
    telegram = chats(400, channels=("TELEGRAM",))
    named = sum("username" in data["chat"] for data in telegram)
    assert 200 < named < 400
    groups = [data["chat"] for data in telegram if "title" in data["chat"]]
    assert 3 < len(groups) < 50
    assert all(chat["externalChatId"].startswith("-100") for chat in groups)
    # A title names the people in the group, in their own script.
    assert all(chat["title"].startswith(f"{chat['firstName']}, ") for chat in groups)
    for chat in groups:
        scripts = {unicodedata.name(letter).split()[0] for letter in chat["title"] if letter.isalpha()}
        assert len(scripts - {"MODIFIER", "HIRAGANA", "KATAKANA"}) == 1, chat["title"]


def test_every_number_is_valid_and_of_the_country_of_its_owner():
    for data in chats(400, channels=("WHATSAPP",), origin="flow"):
        number = phonenumbers.parse(data["contact"]["phoneNumber"])
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.region_code_for_number(number) == data["contact"]["systemFields"]["country"]


def test_user_names_and_addresses_are_well_formed_and_lead_nowhere():
    for data in chats(300, channels=("INSTAGRAM", "TELEGRAM"), origin="flow"):
        chat, contact = data["chat"], data["contact"]
        limit, dots = (30, ".") if chat["channel"] == "INSTAGRAM" else (32, "")
        if "username" in chat:
            assert re.fullmatch(rf"[a-z][a-z0-9_{dots}]{{4,{limit - 1}}}", chat["username"])
        assert re.fullmatch(r"[a-z]+(\.[a-z]+)*@example\.(com|net|org)", contact["email"])
        if "photoUrl" in chat:
            assert re.fullmatch(r"https://photos\.wexio\.example/[0-9a-f]{16}\.jpg", chat["photoUrl"])


def test_a_user_name_fits_the_name():
    players = cast(contacts={"a": {"firstName": "Zoë", "lastName": "Ångström"}})
    data = players.chat_created(at=AT, channels=("INSTAGRAM",), contact="a").event.data
    assert "angstrom" in data["chat"]["username"]


def test_many_countries_write_in():
    countries = Counter(data["contact"]["systemFields"]["country"] for data in chats(2000, origin="flow"))
    assert len(countries) > 30


def test_ids_carry_their_creation_time_and_times_are_plausible():
    for data in chats(50):
        chat, contact = data["chat"], data["contact"]
        created = parse_moment(chat["createdAt"])
        assert timedelta(milliseconds=40) <= AT - created <= timedelta(milliseconds=900)
        assert int(chat["id"][:8], 16) == int(contact["peopleId"][:8], 16) == int(created.timestamp())
        assert chat["updatedAt"] == contact["createdAt"] == contact["updatedAt"] == chat["createdAt"]


def test_a_proactive_chat_s_contact_is_older_than_the_chat():
    for data in chats(50, origin="flow", channels=("WHATSAPP", "TELEGRAM", "VIBER")):
        known = parse_moment(data["contact"]["createdAt"])
        assert timedelta(days=1) <= parse_moment(data["chat"]["createdAt"]) - known <= timedelta(days=401)
        assert int(data["contact"]["peopleId"][:8], 16) == int(known.timestamp())
        assert data["contact"]["tags"]
        # Who has ordered since has changed since, and not in the future.
        assert known < parse_moment(data["contact"]["updatedAt"]) < parse_moment(data["chat"]["createdAt"])


def test_the_id_of_a_contact_tells_the_pinned_time_of_its_creation():
    players = cast(contacts={"a": {"createdAt": "2025-01-02T03:04:05.000Z"}})
    contact = players.chat_created(at=AT, channels=("VIBER",), contact="a").event.data["contact"]
    assert contact["createdAt"] == "2025-01-02T03:04:05.000Z"
    assert int(contact["peopleId"][:8], 16) == int(parse_moment(contact["createdAt"]).timestamp())
    with pytest.raises(UsageError, match="createdAt: 'soon' is not a time"):
        cast(contacts={"a": {"createdAt": "soon"}}).chat_created(at=AT, contact="a")


def test_ids_can_be_random_instead():
    profile = Profile(types=TypesProfile(object_ids="random"))
    data = cast(profile=profile).chat_created(at=AT).event.data
    assert int(data["chat"]["id"][:8], 16) != int(parse_moment(data["chat"]["createdAt"]).timestamp())


def test_the_form_of_ids_is_a_setting():
    profile = Profile(types=TypesProfile(viber_id="v-{hex:6}-{digits:2-3}"))
    data = cast(profile=profile).chat_created(at=AT, channels=("VIBER",)).event.data
    assert re.fullmatch(r"v-[0-9a-f]{6}-\d{2,3}", data["chat"]["viberId"])


@pytest.mark.parametrize(
    "text", ["plain", "{digits}", "{digits:0}", "{digits:9-3}", "{letters:4}", "{hex:99}", "{hex:4"]
)
def test_a_pattern_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="is no pattern of an id"):
        pattern(text)


# --- the seed -----------------------------------------------------------------------------


def wire(players, **options):
    return players.chat_created(at=AT, **options).event


def test_the_same_seed_gives_the_same_people_and_another_seed_others():
    assert [wire(cast(1)) for _ in range(3)] == [wire(cast(1)) for _ in range(3)]
    assert wire(cast(1)) != wire(cast(2))


@pytest.mark.parametrize("before", [0, 3, 60], ids=lambda count: f"after {count} bytes")
def test_integers_drawn_at_once_are_those_drawn_one_by_one(before):
    at_once, one_by_one = Seed(1).stream("contact/alex"), Seed(1).stream("contact/alex")
    assert at_once.take(before) == one_by_one.take(before)
    drawn = [one_by_one.below(1 << 64) for _ in range(40)]
    assert [number for _ in range(5) for number in at_once.integers(8)] == drawn
    assert at_once.take(9) == one_by_one.take(9)


def test_two_processes_agree_whatever_their_hash_seed():
    code = (
        "from datetime import datetime, UTC\n"
        "from sandbox.core.cast import Cast\nfrom sandbox.core.ids import Seed\n"
        "c = Cast(Seed(5))\n"
        "for _ in range(60): print(c.chat_created(at=datetime(2026, 4, 24, tzinfo=UTC)).event)\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_step_more_changes_nobody_else():
    contacts = {"alex": {}, "olena": {"locale": "uk_UA"}}
    short, long = cast(contacts=contacts), cast(contacts=contacts)
    wire(long, contact="olena", channels=("VIBER",))
    wire(long, channels=("TELEGRAM",), origin="flow")
    for options in (
        {"contact": "alex", "channels": ("WHATSAPP",)},
        {"channels": ("WHATSAPP",)},
        {"contact": "none"},
    ):
        assert wire(short, **options) == wire(long, **options)


def test_another_contact_s_pins_change_nobody_else():
    one = cast(contacts={"alex": {}, "olena": {}})
    other = cast(contacts={"alex": {}, "olena": {"firstName": "Olena"}})
    assert wire(one, contact="alex") == wire(other, contact="alex")


def test_two_plays_of_one_seed_have_the_same_people_and_events_of_their_own():
    first, second = wire(cast(run="a")), wire(cast(run="b"))
    assert first.id != second.id
    assert first.data["chat"]["id"] != second.data["chat"]["id"]


def test_a_contact_is_the_same_person_on_every_channel():
    players = cast(contacts={"alex": {"lastName": "Stone"}})
    one = wire(players, contact="alex", channels=("WHATSAPP",)).data
    two = players.chat_created(at=AT + timedelta(hours=1), contact="alex", channels=("INSTAGRAM",)).event.data
    assert one["contact"]["peopleId"] == two["contact"]["peopleId"]
    assert one["contact"]["createdAt"] == two["contact"]["createdAt"] < two["chat"]["createdAt"]
    assert one["chat"]["firstName"] == two["chat"]["firstName"]
    assert one["chat"]["id"] != two["chat"]["id"]


def test_ids_are_unique_over_many_chats():
    players = cast()
    events = [wire(players) for _ in range(3000)]
    assert len({event.id for event in events}) == 3000
    assert len({event.data["chat"]["id"] for event in events}) == 3000
    assert all(
        re.fullmatch(r"evt_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", e.id)
        for e in events
    )


def test_what_belongs_to_the_organisation_is_older_than_its_events():
    players = cast()
    ids = [players.organisation_id, players.connection_id("crm"), *map(players.integration_id, CHANNELS)]
    assert len(set(ids)) == 6
    assert all(int(id[:8], 16) < AT.timestamp() for id in ids)
    assert players.secret("crm").startswith("whsec_")
    assert players.secret("crm") != players.secret("erp")


def test_a_generated_secret_begins_as_the_profile_says():
    from dataclasses import replace

    profile = Profile()
    profile = replace(profile, signature=replace(profile.signature, secret_prefix="sec-"))
    assert cast(profile=profile).secret("crm").startswith("sec-")


# --- pinning ------------------------------------------------------------------------------

PINS = {
    "peopleId": "a" * 24, "phoneNumber": "+46701740606", "email": "x@example.org", "firstName": "Ann",
    "lastName": "Lee", "tags": ["a", "b"], "systemFields": {"k": 1}, "customFields": {"f": 1.5},
    "createdAt": "2020-01-01T00:00:00.000Z", "updatedAt": "2021-01-01T00:00:00.000Z", "username": "ann",
    "photoUrl": "https://example.com/a.png", "telegramId": "123456789",
}  # fmt: skip


def test_every_field_can_be_pinned():
    assert set(PINS) | set(CHANNEL_ID_FIELD.values()) | {"locale"} == set(PINNABLE)
    data = wire(cast(contacts={"ann": PINS}), contact="ann", channels=("TELEGRAM",)).data
    for name in CONTACT_FIELDS:
        assert data["contact"][name] == PINS[name]
    for name in ("firstName", "lastName", "username", "photoUrl", "telegramId"):
        assert data["chat"][name] == PINS[name]
    assert data["chat"]["externalChatId"] == "123456789"


def test_null_leaves_a_pinned_field_out():
    pins = dict.fromkeys(("phoneNumber", "lastName", "username", "photoUrl", "whatsappId"))
    data = wire(cast(contacts={"x": pins}), contact="x", channels=("WHATSAPP",)).data
    left_out = {"phoneNumber", "lastName", "username", "photoUrl", "whatsappId", "externalChatId"}
    assert not left_out & (data["chat"].keys() | data["contact"].keys())


@pytest.mark.parametrize(
    ("phone", "script"),
    [("+380500000001", r"[а-яіїєґ’' -]+"), ("+81700000001", r"[\u3040-\u30ff\u4e00-\u9fff々]+")],
)
def test_a_pinned_number_brings_a_name_of_its_country(phone, script):
    data = wire(cast(contacts={"x": {"phoneNumber": phone}}), contact="x", channels=("WHATSAPP",)).data
    assert re.fullmatch(script, data["contact"]["firstName"].lower())


def test_data_is_merged_over_what_was_made_up():
    data = {"chat": {"firstName": "Zoë", "title": "VIP", "archivedAt": None, "photoUrl": None, "x": {"y": 1.0}},
            "contact": {"customFields": {"n": 2}}, "extra": [1, None]}  # fmt: skip
    event = wire(cast(), channels=("INSTAGRAM",), data=data)
    chat = event.data["chat"]
    assert (chat["firstName"], chat["title"], chat["archivedAt"], chat["x"]) == ("Zoë", "VIP", None, {"y": 1})
    assert "photoUrl" not in chat
    assert list(chat) == [name for name in CHAT_FIELDS if name in chat] + ["x"]
    assert event.data["contact"]["customFields"] == {"n": 2}
    assert event.data["extra"] == [1, None]
    assert b'"x":{"y":1}' in event.data_json


def test_data_can_remove_the_contact_and_contact_none_leaves_it_out():
    assert "contact" not in wire(cast(), data={"contact": None}).data
    without = cast().chat_created(at=AT, contact="none", channels=("WHATSAPP",))
    assert list(without.event.data) == ["chat"]
    assert without.event.data["chat"]["firstName"]
    assert without.event.data["chat"]["whatsappId"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"channels": ("whatsapp",)}, "did you mean WHATSAPP"),
        ({"channels": ()}, "no channel"),
        ({"contact": "alx"}, "did you mean 'alex'"),
        ({"data": {"chat": None}}, r"data\.chat: chat is always there"),
        ({"data": {"chat": {"id": None}}}, r"data\.chat\.id: chat\.id is always there"),
        ({"data": {"contact": {"peopleId": None}}}, r"contact\.peopleId is always there"),
        ({"data": {"chat": "x"}}, "chat must be a mapping"),
        ({"data": {"contact": {"customFields": [1]}}}, "customFields must be a mapping"),
        ({"data": {"chat": {"title": float("nan")}}}, r"data\.chat\.title: .*not finite"),
        ({"contact": "none", "data": {"contact": {"firstName": "A"}}}, "leaves data.contact out"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_what_would_be_right(options, says):
    with pytest.raises(UsageError, match=says):
        wire(cast(contacts={"alex": {}}), **options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"contacts": {"a": {"firstname": "x"}}}, "did you mean firstName"),
        ({"contacts": {"a": {"locale": "sv_se"}}}, "did you mean sv_SE"),
        ({"organisation": "XYZ"}, "organisation id 'XYZ' is not 24"),
        ({"integrations": {"SMS": "a" * 24}}, "no channel is called 'SMS'"),
        ({"integrations": {"VIBER": "a"}}, "VIBER integration id 'a' is not 24"),
    ],
    ids=str,
)
def test_a_cast_is_refused_that_could_not_play(options, says):
    with pytest.raises(UsageError, match=says):
        cast(**options)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["x", "title", "username", "firstName"]), json_values, max_size=4))
def test_whatever_is_merged_is_what_arrives(chat):
    data = wire(cast(), data={"chat": chat}).data["chat"]
    for name, value in chat.items():
        if value is None:
            assert name not in data
        elif not isinstance(value, dict):
            assert data[name] == value
