"""The chat panel and the page of all messages: chat, direct messages and messages between apps."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import cached_property
from django.views.decorators.http import require_safe

from classroom_admin.common.text_matching import contains_all, search_key
from classroom_admin.events.agora_chat import FIRST_NUMBER
from classroom_admin.rooms import agora_chat, chat_selectors
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.class_selectors import room_ids
from classroom_admin.rooms.models import ChatMessage, PeerMessage, Role, Room
from classroom_admin.rooms.recording_moments import PlayFrom, RecordingMoments
from classroom_admin.sync.models import StoredEvent, Stream
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.events import groups_of
from classroom_admin.web.dialogs import ask
from classroom_admin.web.parameters import number, search_words

CHAT: Final = "chat"
CUSTOM: Final = "custom"
PEER: Final = "peer"
ROOM: Final = "room"
GROUP: Final = "group"
KINDS: Final = (CHAT, PEER, CUSTOM)
MOST_FOUND: Final = 100
SEARCHED: Final = 500
"""The number of messages that a search reads in one batch."""
_STAFF: Final = (Role.TEACHER, Role.ASSISTANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message for display. `group` is the name of the breakout room where it was written, or "".

    `number` is its sequence number in the room. For a direct message or a message in a breakout room, it is
    the primary key. `pk` is the primary key, or 0 if the message is not stored.
    """

    kind: str
    number: int
    pk: int
    order: str
    at: datetime
    name: str
    role: str
    text: str
    to: str = ""
    group: str = ""
    between_apps: bool = False
    deleted: bool = False
    play: PlayFrom | None = None

    @property
    def dom_id(self) -> str:
        return f"{'w' if self.kind == PEER else 'g' if self.group else 'm'}{self.number}"

    @property
    def scope(self) -> str:
        """The kind of numbering of `number`: "peer" or "group" for primary keys, or "room"."""
        return PEER if self.kind == PEER else GROUP if self.group else ROOM

    @property
    def role_words(self) -> str:
        return str(Role(self.role).label) if self.role in _STAFF else ""


Senders = Mapping[str, tuple[str, str, str]]
"""The cloud user id, name and role of people by their id in Agora Chat."""


def room_message(row: ChatMessage, senders: Senders | None = None, *, group: str = "") -> Message:
    """Return a message for display. `senders` has names for messages from Agora Chat that have none."""
    name, role = row.name, row.role
    if not name and senders:
        _user_uuid, name, role = senders.get(row.user_uuid, ("", name, role))
    return Message(
        kind=row.kind,
        number=row.pk if group else row.sequence,
        pk=row.pk or 0,
        group=group,
        order=f"{int(row.sent_at.timestamp() * 1000):015d}{row.sequence:015d}",
        at=row.sent_at,
        name=name,
        role=role,
        text=row.text,
        deleted=row.deleted,
    )


def room_messages(room: Room, rows: Iterable[ChatMessage]) -> list[Message]:
    """Return messages of a class and its breakout rooms for display.

    At most two queries read the missing names of people and of breakout rooms.
    """
    rows = list(rows)
    nameless = {row.user_uuid for row in rows if not row.name and row.sequence > FIRST_NUMBER}
    rooms = {row.room_id for row in rows}
    senders = agora_chat.people_by_chat_user(rooms, nameless) if nameless else {}
    groups = groups_of(room) if rooms - {room.pk} else {}
    return [room_message(row, senders.get(row.room_id), group=groups.get(row.room_id, "")) for row in rows]


def direct_message(row: PeerMessage, names: Mapping[str, str]) -> Message:
    return Message(
        kind=PEER,
        number=row.pk,
        pk=row.pk or 0,
        order=f"{int(row.sent_at.timestamp() * 1000):015d}{row.arrived:012d}",
        at=row.sent_at,
        name=row.name or names.get(row.user_uuid, ""),
        role=row.role,
        text=row.text,
        to=names.get(row.to_user_uuid, "") or "?",
        between_apps=row.kind == ChatMessage.Kind.CUSTOM,
    )


def direct_messages(room: Room, rows: Iterable[PeerMessage]) -> list[Message]:
    """Return direct messages for display. Read missing names with one query if there are messages."""
    rows = list(rows)
    ids = {row.to_user_uuid for row in rows} | {row.user_uuid for row in rows if not row.name}
    names = chat_selectors.names_in(room, ids - {""}) if rows else {}
    return [direct_message(row, names) for row in rows]


class ChatPanel:
    """The newest chat messages. With `since`, these are the messages added after that version of the room.

    Direct messages are read only if `read_direct` is True. In breakout rooms, an event is new if its id is
    above the first and not above the second of `new_events`. If `whole` is True, it is unknown which events
    are new.
    """

    def __init__(self, room: Room, *, since: int | None = None) -> None:
        self.room = room
        self.since = since
        self.read_direct = False
        self.new_events = (0, 0)
        self.whole = False

    @cached_property
    def _room_messages(self) -> list[Message]:
        kind = CHAT if self.since is None else ""
        rows = chat_selectors.to_room(self.room, kind=kind, since=self.since)
        if self.since is not None and self.new_events[1] and self.room.groups_sequence:
            rows += chat_selectors.of_events(_of_breakout_rooms(self.room, *self.new_events))
        return room_messages(self.room, rows)

    @property
    def count(self) -> int:
        """The number of chat messages of the class and its breakout rooms."""
        of_groups: int = getattr(self.room, "group_chats", 0)
        return self.room.chat_count + of_groups

    @property
    def messages(self) -> list[Message]:
        found = [message for message in self._room_messages if message.kind == CHAT]
        return found if self.since is not None else found[-chat_selectors.PAGE :]

    @property
    def has_earlier(self) -> bool:
        """Whether there are earlier chat messages than those in the panel."""
        return self.since is None and len(self._room_messages) > chat_selectors.PAGE

    @property
    def too_many(self) -> bool:
        """Whether there may be too many new messages for the panel. If so, the whole panel is sent."""
        if self.since is None:
            return False
        unknown = self.whole and bool(self.room.groups_sequence)
        return unknown or len(self.messages) > chat_selectors.PAGE

    @property
    def custom(self) -> list[Message]:
        return [message for message in self._room_messages if message.kind == CUSTOM]

    @cached_property
    def direct(self) -> list[Message]:
        if not self.read_direct:
            return []
        return direct_messages(self.room, chat_selectors.between_people(self.room, since=self.since))


def _of_breakout_rooms(room: Room, after: int, upto: int) -> list[tuple[int, int]]:
    """Return (room id, message number) of new events in breakout rooms. Some of them are not messages."""
    events = StoredEvent.objects.filter(
        room__parent_id=room.pk, pk__gt=after, pk__lte=upto, stream__in=(Stream.ROOM, Stream.CHAT)
    )
    found = events.order_by("pk").values_list("room_id", "sequence", "pk")[: chat_selectors.MOST_MISSED]
    return [(pk, FIRST_NUMBER + event if number is None else number) for pk, number, event in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """A page of messages, the oldest first.

    `older` is `before` for the next page. It is None on the oldest page.
    """

    kind: str
    rows: list[Message]
    older: int | None = None


def message_page(room: Room, *, kind: str, before: int | None = None) -> MessagePage:
    """Return a page of messages of a kind. If `before` is a message's id, the page has earlier messages."""
    if kind == PEER:
        rows = direct_messages(room, chat_selectors.between_people(room, before=before))
    else:
        rows = room_messages(room, chat_selectors.to_room(room, kind=kind, before=before))
    shown = rows[-chat_selectors.PAGE :]
    return MessagePage(kind=kind, rows=shown, older=shown[0].pk if len(rows) > len(shown) else None)


def search(room: Room, words: str, *, kind: str = "") -> list[Message]:
    """Return the newest messages with all words in their text or names, at most `MOST_FOUND`.

    Case and accents are ignored. The result is the same with every database.
    """
    terms = search_key(words).split()
    found: list[Message] = []
    if not terms:
        return found
    if kind in ("", CHAT, CUSTOM):
        rows = ChatMessage.objects.filter(room__in=room_ids(room)).order_by("-sent_at", "-sequence", "-pk")
        rows = rows.filter(kind=kind) if kind else rows
        found += _first_matches(_read(room, rows), terms)
    if kind in ("", PEER):
        names = chat_selectors.names_in(room)
        direct = PeerMessage.objects.filter(room=room).order_by("-sent_at", "-arrived")
        found += _first_matches(
            (direct_message(row, names) for row in direct.iterator(chunk_size=500)), terms
        )
    return sorted(found, key=lambda message: message.at, reverse=True)[:MOST_FOUND]


def _read(room: Room, rows: QuerySet[ChatMessage]) -> Iterator[Message]:
    """Yield all messages for display. They are read in parts, so that a search can stop early."""
    stored = rows.iterator(chunk_size=SEARCHED)
    while part := list(islice(stored, SEARCHED)):
        yield from room_messages(room, part)


def _first_matches(messages: Iterable[Message], terms: list[str]) -> list[Message]:
    found: list[Message] = []
    for message in messages:
        if contains_all(terms, message.text, message.name, message.to, message.group):
            found.append(message)
            if len(found) >= MOST_FOUND:
                break
    return found


@require_safe
@signed_in
def messages(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show messages of a `kind`. `q` has words to search for, and `before` selects earlier messages."""
    room = access_by_key(request.user, key).room
    words = search_words(request.GET, most=200)
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    context: dict[str, Any] = {"room": room, "q": words, "kind": kind, "most": MOST_FOUND}
    if "q" in request.GET and (words or request.htmx):
        context["found"] = with_play_links(room, search(room, words, kind=kind))
        return render(request, f"classroom/chat/{'_found' if request.htmx else 'messages'}.html", context)
    context["kind"] = kind or CHAT
    page = message_page(room, kind=context["kind"], before=number(request, "before"))
    context["page"] = page if request.htmx else replace(page, rows=with_play_links(room, page.rows))
    return render(request, f"classroom/chat/{'_earlier' if request.htmx else 'messages'}.html", context)


def with_play_links(room: Room, rows: list[Message]) -> list[Message]:
    """Return the messages with links to the seconds of a recording at which they were sent."""
    moments = RecordingMoments([room])
    return [replace(row, play=moments.play_from(room.pk, row.at)) for row in rows]


@require_safe
@signed_in
def present_at(request: AuthenticatedHttpRequest, key: str, of: str, number: int) -> HttpResponse:
    """Show the people who were present when a message was sent."""
    room = access_by_key(request.user, key).room
    sequence, where = None, room
    if of == PEER:
        (message,) = direct_messages(room, [get_object_or_404(PeerMessage, room=room, pk=number)])
    elif of == GROUP:
        row = get_object_or_404(ChatMessage.objects.select_related("room"), room__parent=room, pk=number)
        (message,) = room_messages(room, [row])
        sequence, where = row.sequence if row.sequence < FIRST_NUMBER else None, row.room
    elif of == ROOM:
        (message,) = room_messages(room, [get_object_or_404(ChatMessage, room=room, sequence=number)])
        sequence = number if number < FIRST_NUMBER else None
    else:
        raise Http404("There is no such message.")
    present = chat_selectors.present_at(where, at=message.at, sequence=sequence)
    (message,) = with_play_links(room, [message])
    context = {"room": room, "message": message, "presence": present}
    return ask(request, "classroom/chat/present.html", context)
