"""The cast: makes up what happens in Wexio, from the seed, and fits in what was pinned.

One stream of randomness for each entity: a step more or less changes nobody else.
People are the same in every run of one seed; what happens to them belongs to its run,
so that two scenarios of one seed do not share an event's id.

Source: the specification's sections 4 (chat.created) and 5 (types).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from sandbox.core.catalogue import CHANNEL_ID_FIELD, CHANNELS
from sandbox.core.errors import UsageError
from sandbox.core.ids import Seed, Stream
from sandbox.core.jsontext import NotJson, dumps, quoted
from sandbox.core.merge import merge_chat_created
from sandbox.core.model import OBJECT_ID, Event
from sandbox.core.moments import isoformat, parse_moment
from sandbox.core.payloads import CHAT_FIELDS, CONTACT_FIELDS
from sandbox.core.people import names_of
from sandbox.core.persona import Appearance, Person, Pins, appearance, check_pins, person
from sandbox.core.profile import ID_PREFIX, Profile
from sandbox.core.scenario import NO_CONTACT, Origin

_FOUNDED: Final = datetime(2023, 1, 1, tzinfo=UTC)  # organisations are older than any event
_FOUNDING_DAYS: Final = 3 * 365
_MINUTES: Final = (24 * 60, 400 * 24 * 60)  # how long Wexio has known somebody whom a flow writes to
# How long before the event its chat was made.
_MOMENTS: Final = [timedelta(milliseconds=count) for count in range(40, 901)]
_OF_A_CHAT: Final = ("firstName", "lastName", "photoUrl", "username")  # what people pin of it
_NOTHING: Final[Mapping[str, Any]] = {}


class Cameo(NamedTuple):
    """An event, and the person in it as one would call them."""

    event: Event
    who: str


@dataclass(slots=True)
class _Role:
    """A named contact, once they have been seen."""

    person: Person
    people_id: str
    created: datetime
    updated: datetime
    known_before: bool  # Wexio had them before their first chat


class _Kind:
    """What is asked for again and again: each is the n-th of its kind."""

    __slots__ = ("name", "seen")

    def __init__(self, name: str) -> None:
        self.name, self.seen = name, 0


class Cast:
    """Makes up people and ids; the same *seed* makes up the same ones.

    *integrations* pins ids by channel, *contacts* fields by name; *run* names what
    is being played.  Raises `UsageError` for what is not in the documented form.
    """

    def __init__(
        self,
        seed: Seed,
        *,
        profile: Profile | None = None,
        organisation: str | None = None,
        integrations: Mapping[str, str] | None = None,
        contacts: Mapping[str, Pins] | None = None,
        run: str = "",
    ) -> None:
        profile = profile or Profile()
        self._seed, self._types, self._run = seed, profile.types, run
        self._secret_prefix = profile.signature.secret_prefix
        self._dated = self._types.object_ids == "creation_time"
        self._contacts = dict(contacts or {})
        for name, pins in self._contacts.items():
            check_pins(name, pins)
        self._roles: dict[str, _Role] = {}
        self._named = 0  # how many ids were given to events that somebody else makes up
        self._kinds: dict[tuple[str, tuple[str, ...], Origin], _Kind] = {}
        self.organisation_id = _object_id("organisation", organisation) or self._old_id("organisation")
        self._integrations = {channel: self._old_id(f"integration/{channel}") for channel in CHANNELS}
        for channel, id in (integrations or {}).items():
            if channel not in CHANNELS:
                raise _no_such_channel(channel)
            self._integrations[channel] = _object_id(f"{channel} integration", id) or ""

    # --- what stays the same ---------------------------------------------------------

    def integration_id(self, channel: str) -> str:
        """The one integration of *channel*."""
        return self._integrations[channel]

    def connection_id(self, name: str) -> str:
        """The id of the outbound connection called *name*."""
        return self._old_id(f"connection/{name}")

    def secret(self, name: str) -> str:
        """The generated signing secret of the connection called *name*."""
        return f"{self._secret_prefix}{self._seed.stream(f'secret/{name}').hex(48)}"

    def _old_id(self, name: str) -> str:
        stream = self._seed.stream(name)
        founded = _FOUNDED + timedelta(seconds=stream.below(_FOUNDING_DAYS * 86_400))
        return stream.object_id(founded if self._dated else None)

    def introduce(self, pins: Pins) -> str:
        """Make somebody known who is described by *pins* alone; returns a name for them.

        The same pins are the same person.  Raises `UsageError`.
        """
        name = _json(dict(sorted(pins.items()))).decode()
        if name not in self._contacts:
            check_pins("contact", pins)
            self._contacts[name] = dict(pins)
        return name

    def event_id(self) -> str:
        """The id of an event that somebody else makes up: none that was given before."""
        self._named += 1
        return ID_PREFIX + self._seed.stream(f"id/{self._run}/{self._named}").uuid4()

    # --- what happens --------------------------------------------------------------

    def chat_created(
        self,
        *,
        at: datetime,
        channels: Sequence[str] = CHANNELS,
        contact: str | None = None,
        origin: Origin = "inbound",
        data: Mapping[str, Any] | None = None,
        event_id: str | None = None,
        occurred_at: datetime | None = None,
    ) -> Cameo:
        """Somebody's first contact with the organisation, at the moment *at*.

        The channel is drawn where *channels* has several.  *contact* is a name that was
        given to the cast, ``"none"`` (a chat without a contact), or somebody new.
        *data* is merged over what was made up; None removes a field.
        """
        known = contact if contact is not None and contact != NO_CONTACT else None
        if known is not None and known not in self._contacts:
            raise _no_such_contact(known, self._contacts)
        if contact == NO_CONTACT and data and data.get("contact") is not None:
            raise UsageError("contact 'none' leaves data.contact out: give one or the other")
        stream, key = self._stream_of(channels, contact, origin)
        channel = channels[0] if len(channels) == 1 else stream.choice(channels)
        if occurred_at is not None and occurred_at.tzinfo is None:
            raise UsageError("occurred_at needs an offset: datetime(..., tzinfo=UTC)")
        occurred = at if occurred_at is None else occurred_at.astimezone(UTC)
        created = occurred - stream.choice(_MOMENTS)
        pins: Pins = _NOTHING
        if known is not None:
            pins = self._contacts[known]
            role = self._role(known, pins, created, origin)
            looks = appearance(
                self._seed.stream(f"contact/{known}/{channel}"), role.person, channel, self._types
            )
        else:
            newcomer = self._seed.stream(f"contact/{key}")
            role = self._cast_new(newcomer, person(newcomer, channel=channel), created, origin)
            looks = appearance(newcomer, role.person, channel, self._types)
        text = f'{{"chat":{self._chat(stream, channel, role.person, looks, created, group=known is None)}'
        text += "}" if contact == NO_CONTACT else f',"contact":{self._contact(role, looks)}}}'
        event_uuid = stream.uuid4()
        if data or pins:
            payload = _pinned(json.loads(text), pins, channel)
            if data:
                payload = merge_chat_created(payload, data)
            data_json, who = _json(payload), _who(payload)
        else:
            last = role.person.last if looks.shows_last_name else ""
            data_json, who = text.encode(), f"{role.person.first} {last}".rstrip()
        event = Event(
            id=event_id or ID_PREFIX + event_uuid,
            name="chat.created",
            occurred_at=occurred,
            organisation_id=self.organisation_id,
            data_json=data_json,
            channel=channel,
        )
        return Cameo(event=event, who=who)

    def _stream_of(self, channels: Sequence[str], contact: str | None, origin: Origin) -> tuple[Stream, str]:
        """The stream of this happening, and its name: the n-th of its kind in this run."""
        asked = contact or "", tuple(channels), origin
        kind = self._kinds.get(asked)
        if kind is None:
            if not channels:
                raise UsageError("no channel to draw from")
            for channel in channels:
                if channel not in CHANNELS:
                    raise _no_such_channel(channel)
            kind = self._kinds[asked] = _Kind(f"/{contact or ''}/{','.join(channels)}/{origin}/")
        kind.seen += 1
        key = f"{kind.name}{kind.seen}"
        return self._seed.stream(f"event/{self._run}{key}"), key

    def _role(self, name: str, pins: Pins, created: datetime, origin: Origin) -> _Role:
        role = self._roles.get(name)
        if role is None:
            stream = self._seed.stream(f"contact/{name}")
            who = person(stream, pins=pins)
            role = self._roles[name] = self._cast_new(stream, who, created, origin, pins)
        return role

    def _cast_new(
        self, stream: Stream, who: Person, chat_created: datetime, origin: Origin, pins: Pins = _NOTHING
    ) -> _Role:
        # A proactive chat is opened with somebody whom Wexio knows already.
        minutes, created = stream.between(*_MINUTES), chat_created
        if origin == "flow":
            created -= timedelta(minutes=minutes)
        if pins and (pinned := pins.get("createdAt")):
            created = _moment(pinned)  # so that the id tells the same time
        people_id = stream.object_id(created if self._dated else None)
        updated = created
        if origin == "flow" and created < chat_created:
            # Somebody who has ordered since has changed since.
            updated += (chat_created - created) * stream.fraction()
        return _Role(who, people_id, created, updated, origin == "flow")

    def _chat(
        self, stream: Stream, channel: str, who: Person, looks: Appearance, created: datetime, *, group: bool
    ) -> str:
        # As JSON straight away, here and below: a dictionary and its encoding would cost as
        # much as all the rest of an event.
        chat_id = stream.object_id(created if self._dated else None)
        number, lot = stream.integers(2)
        address = external = quoted(looks.channel_id)
        title = ""
        if group and channel == "TELEGRAM" and lot % 25 == 0:
            # In a group the chat is not the person: it has a number and a title of its own.
            external = f'"-100{10**9 + number % (9 * 10**9)}"'
            others = [names_of(who.locale.name).draw(stream).first for _ in range(2)]
            title = f',"title":{quoted(", ".join(dict.fromkeys((who.first, *others))))}'
        last = f',"lastName":{quoted(who.last)}' if looks.shows_last_name else ""
        photo = f',"photoUrl":"{looks.photo_url}"' if looks.photo_url else ""
        username = f',"username":"{looks.username}"' if looks.username else ""
        moment = isoformat(created)
        return (
            f'{{"id":"{chat_id}","integrationId":"{self._integrations[channel]}","channel":"{channel}",'
            f'"externalChatId":{external},"{CHANNEL_ID_FIELD[channel]}":{address},'
            f'"firstName":{quoted(who.first)}{last}{photo}{username}{title},'
            f'"createdAt":"{moment}","updatedAt":"{moment}","archivedAt":null}}'
        )

    def _contact(self, role: _Role, looks: Appearance) -> str:
        who, known = role.person, role.known_before
        phone = f',"phoneNumber":"{who.phone}"' if looks.shares_phone or known else ""
        last = f',"lastName":{quoted(who.last)}' if who.last and (looks.shows_last_name or known) else ""
        email = fields = ""
        if known:
            email = f',"email":"{who.email}"'
            tags = ",".join(map(quoted, who.tags))
            country, language = who.locale.country, who.locale.name.partition("_")[0]
            fields = (
                f',"tags":[{tags}],"systemFields":{{"country":"{country}","language":"{language}"}},'
                f'"customFields":{{"plan":"{who.plan}","orders":{who.orders}}}'
            )
        created = isoformat(role.created)
        updated = isoformat(role.updated) if known else created
        return (
            f'{{"peopleId":"{role.people_id}"{phone}{email},"firstName":{quoted(who.first)}{last}{fields},'
            f'"createdAt":"{created}","updatedAt":"{updated}"}}'
        )


def _pinned(payload: dict[str, Any], pins: Pins, channel: str) -> dict[str, Any]:
    """*payload* with what the scenario's contact says about itself."""
    if not pins:
        return payload
    chat, address = payload["chat"], CHANNEL_ID_FIELD[channel]
    if address in pins:
        chat["externalChatId"] = chat[address] = pins[address]
    chat.update((name, pins[name]) for name in _OF_A_CHAT if name in pins)
    payload["chat"] = {name: chat[name] for name in CHAT_FIELDS if name in chat and _stays(name, chat[name])}
    if (contact := payload.get("contact")) is not None:
        contact.update((name, pins[name]) for name in CONTACT_FIELDS if name in pins)
        payload["contact"] = {name: contact[name] for name in CONTACT_FIELDS if contact.get(name) is not None}
    return payload


def _stays(name: str, value: object) -> bool:
    return value is not None or name == "archivedAt"


def _json(payload: Mapping[str, Any]) -> bytes:
    try:
        return dumps(payload)
    except NotJson as error:
        raise UsageError(f"data.{error}") from None


def _who(payload: Mapping[str, Any]) -> str:
    chat = payload["chat"]
    first, last = chat.get("firstName"), chat.get("lastName")
    if first or last:
        return f"{first} {last}" if first and last else str(first or last)
    fallbacks = (chat.get("username"), chat.get("title"), payload.get("contact", {}).get("phoneNumber"))
    return next((str(text) for text in fallbacks if text), "")


def _no_such_channel(channel: object) -> UsageError:
    near = get_close_matches(str(channel).upper(), CHANNELS, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(CHANNELS)}"
    return UsageError(f"no channel is called {channel!r}: {hint}")


def _moment(text: Any) -> datetime:
    try:
        return parse_moment(str(text))
    except ValueError as error:
        raise UsageError(f"the contact's createdAt: {error}") from None


def _object_id(what: str, id: str | None) -> str | None:
    if id is not None and not OBJECT_ID.fullmatch(id):
        raise UsageError(f"the {what} id {id!r} is not 24 lower-case hex digits")
    return id


def _no_such_contact(name: str, contacts: Mapping[str, Any]) -> UsageError:
    near = get_close_matches(name, contacts, 1)
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif contacts:
        hint = f"there are {', '.join(contacts)}"
    else:
        hint = "none was given to the sandbox; leave it out for somebody new, or say 'none'"
    return UsageError(f"no contact is called {name!r}: {hint}")
