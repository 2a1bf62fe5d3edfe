"""Messages as pages show them, of all kinds alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import cached_property

from classroom_admin.common.text_matching import contains_all, search_key
from classroom_admin.rooms import chat_selectors
from classroom_admin.rooms.models import ChatMessage, PeerMessage, Role, Room

CHAT: Final = "chat"
CUSTOM: Final = "custom"
PEER: Final = "peer"
KINDS: Final = (CHAT, PEER, CUSTOM)
MOST_FOUND: Final = 100
_STAFF: Final = (Role.TEACHER, Role.ASSISTANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message. `number`: its own within its kind (of a room message the event's); `to`: who received it,
    "" for all.
    """

    kind: str
    number: int
    order: str
    at: datetime
    name: str
    role: str
    text: str
    to: str = ""
    between_apps: bool = False

    @property
    def mark(self) -> str:
        """The DOM id."""
        return f"{'w' if self.kind == PEER else 'm'}{self.number}"

    @property
    def of(self) -> str:
        """Where the number counts: `room` or `peer`."""
        return PEER if self.kind == PEER else "room"

    @property
    def role_words(self) -> str:
        return Role(self.role).label if self.role in _STAFF else ""


def said_to_room(row: ChatMessage) -> Said:
    return Said(
        kind=row.kind,
        number=row.sequence,
        order=f"{row.sequence:012d}",
        at=row.sent_at,
        name=row.name,
        role=row.role,
        text=row.text,
    )


def said_to_one(row: PeerMessage, names: Mapping[str, str]) -> Said:
    return Said(
        kind=PEER,
        number=row.pk,
        order=f"{int(row.sent_at.timestamp() * 1000):015d}{row.arrived:012d}",
        at=row.sent_at,
        name=row.name or names.get(row.user_uuid, ""),
        role=row.role,
        text=row.text,
        to=names.get(row.to_user_uuid, "") or "?",
        between_apps=row.kind == ChatMessage.Kind.CUSTOM,
    )


def all_said_to_one(room: Room, rows: Iterable[PeerMessage]) -> list[Said]:
    """Messages from person to person, with the names that they don't tell: one query, none for no message."""
    rows = list(rows)
    ids = {row.to_user_uuid for row in rows} | {row.user_uuid for row in rows if not row.name}
    names = chat_selectors.names_in(room, ids - {""}) if rows else {}
    return [said_to_one(row, names) for row in rows]


class Talk:
    """What was said, for the class's page: the newest chat; with `since`, all that is newer than a version.

    `peers_too`: whether anything from person to person is newer, so that it is worth asking.
    """

    def __init__(self, room: Room, *, since: int | None = None) -> None:
        self.room = room
        self.since = since
        self.peers_too = False

    @cached_property
    def _to_room(self) -> list[Said]:
        kind = CHAT if self.since is None else ""
        rows = chat_selectors.to_room(self.room, kind=kind, since=self.since)
        return [said_to_room(row) for row in rows]

    @property
    def chat(self) -> list[Said]:
        found = [said for said in self._to_room if said.kind == CHAT]
        return found if self.since is not None else found[-chat_selectors.PAGE :]

    @property
    def goes_on(self) -> bool:
        """Whether there is earlier chat than what is shown."""
        return self.since is None and len(self._to_room) > chat_selectors.PAGE

    @property
    def too_many(self) -> bool:
        """Whether the newest page of the chat is shorter than all that was missed of it."""
        return self.since is not None and len(self.chat) > chat_selectors.PAGE

    @property
    def custom(self) -> list[Said]:
        return [said for said in self._to_room if said.kind == CUSTOM]

    @cached_property
    def peer(self) -> list[Said]:
        if not self.peers_too:
            return []
        return all_said_to_one(self.room, chat_selectors.between_people(self.room, since=self.since))


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkPage:
    """A page of messages of one kind, oldest first; `older` is the number before which more lie."""

    kind: str
    rows: list[Said]
    older: int | None = None


def talk_page(room: Room, *, kind: str, before: int | None = None) -> TalkPage:
    """The newest messages of a kind, or those before one of them."""
    if kind == PEER:
        rows = all_said_to_one(room, chat_selectors.between_people(room, before=before))
    else:
        rows = [said_to_room(row) for row in chat_selectors.to_room(room, kind=kind, before=before)]
    shown = rows[-chat_selectors.PAGE :]
    return TalkPage(kind=kind, rows=shown, older=shown[0].number if len(rows) > len(shown) else None)


def search(room: Room, words: str, *, kind: str = "") -> list[Said]:
    """Messages in which all of the words stand, in the text or in a name; the newest first, at most
    MOST_FOUND. Case and accents do not count, on any database.
    """
    terms = search_key(words).split()
    found: list[Said] = []
    if not terms:
        return found
    if kind in ("", CHAT, CUSTOM):
        rows = ChatMessage.objects.filter(room=room).order_by("-sequence")
        rows = rows.filter(kind=kind) if kind else rows
        found += _first_that_fit((said_to_room(row) for row in rows.iterator(chunk_size=500)), terms)
    if kind in ("", PEER):
        names = chat_selectors.names_in(room)
        between = (
            PeerMessage.objects.filter(room=room).order_by("-sent_at", "-arrived").iterator(chunk_size=500)
        )
        found += _first_that_fit((said_to_one(row, names) for row in between), terms)
    return sorted(found, key=lambda said: said.at, reverse=True)[:MOST_FOUND]


def _first_that_fit(rows: Iterable[Said], terms: list[str]) -> list[Said]:
    found: list[Said] = []
    for said in rows:
        if contains_all(terms, said.text, said.name, said.to):
            found.append(said)
            if len(found) >= MOST_FOUND:
                break
    return found
