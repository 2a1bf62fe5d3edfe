"""The chat panel and the page of all messages: chat, direct messages and messages between apps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import cached_property
from django.views.decorators.http import require_safe

from classroom_admin.common.text_matching import contains_all, search_key
from classroom_admin.rooms import chat_selectors
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import ChatMessage, PeerMessage, Role, Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.dialogs import ask
from classroom_admin.web.parameters import number, search_words

CHAT: Final = "chat"
CUSTOM: Final = "custom"
PEER: Final = "peer"
KINDS: Final = (CHAT, PEER, CUSTOM)
MOST_FOUND: Final = 100
_STAFF: Final = (Role.TEACHER, Role.ASSISTANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message. `number` is its sequence number in the room, or the primary key of a direct message."""

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
    def dom_id(self) -> str:
        return f"{'w' if self.kind == PEER else 'm'}{self.number}"

    @property
    def scope(self) -> str:
        """The name of the series to which `number` belongs, `room` or `peer`."""
        return PEER if self.kind == PEER else "room"

    @property
    def role_words(self) -> str:
        return str(Role(self.role).label) if self.role in _STAFF else ""


def room_message(row: ChatMessage) -> Message:
    return Message(
        kind=row.kind,
        number=row.sequence,
        order=f"{row.sequence:012d}",
        at=row.sent_at,
        name=row.name,
        role=row.role,
        text=row.text,
    )


def direct_message(row: PeerMessage, names: Mapping[str, str]) -> Message:
    return Message(
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


def direct_messages(room: Room, rows: Iterable[PeerMessage]) -> list[Message]:
    """Return direct messages for display. Read missing names with one query if there are messages."""
    rows = list(rows)
    ids = {row.to_user_uuid for row in rows} | {row.user_uuid for row in rows if not row.name}
    names = chat_selectors.names_in(room, ids - {""}) if rows else {}
    return [direct_message(row, names) for row in rows]


class ChatPanel:
    """The newest chat messages or, with `since`, all messages added after that version of the room.

    Direct messages are read only if `read_direct` is set.
    """

    def __init__(self, room: Room, *, since: int | None = None) -> None:
        self.room = room
        self.since = since
        self.read_direct = False

    @cached_property
    def _room_messages(self) -> list[Message]:
        kind = CHAT if self.since is None else ""
        rows = chat_selectors.to_room(self.room, kind=kind, since=self.since)
        return [room_message(row) for row in rows]

    @property
    def messages(self) -> list[Message]:
        found = [message for message in self._room_messages if message.kind == CHAT]
        return found if self.since is not None else found[-chat_selectors.PAGE :]

    @property
    def has_earlier(self) -> bool:
        """Whether there are chat messages earlier than the shown messages."""
        return self.since is None and len(self._room_messages) > chat_selectors.PAGE

    @property
    def too_many(self) -> bool:
        """Whether there are more new messages than the panel shows, so sending the panel again is shorter."""
        return self.since is not None and len(self.messages) > chat_selectors.PAGE

    @property
    def custom(self) -> list[Message]:
        return [message for message in self._room_messages if message.kind == CUSTOM]

    @cached_property
    def direct(self) -> list[Message]:
        if not self.read_direct:
            return []
        return direct_messages(self.room, chat_selectors.between_people(self.room, since=self.since))


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """A page of messages, oldest first. `older` is its first number, or None without earlier messages."""

    kind: str
    rows: list[Message]
    older: int | None = None


def message_page(room: Room, *, kind: str, before: int | None = None) -> MessagePage:
    """Return a page with the newest messages of a kind; `before` limits it to lower numbers."""
    if kind == PEER:
        rows = direct_messages(room, chat_selectors.between_people(room, before=before))
    else:
        rows = [room_message(row) for row in chat_selectors.to_room(room, kind=kind, before=before)]
    shown = rows[-chat_selectors.PAGE :]
    return MessagePage(kind=kind, rows=shown, older=shown[0].number if len(rows) > len(shown) else None)


def search(room: Room, words: str, *, kind: str = "") -> list[Message]:
    """Return up to MOST_FOUND messages, newest first, whose text or names contain all words.

    Ignore case and accents. The result does not depend on the database.
    """
    terms = search_key(words).split()
    found: list[Message] = []
    if not terms:
        return found
    if kind in ("", CHAT, CUSTOM):
        rows = ChatMessage.objects.filter(room=room).order_by("-sequence")
        rows = rows.filter(kind=kind) if kind else rows
        found += _first_matches((room_message(row) for row in rows.iterator(chunk_size=500)), terms)
    if kind in ("", PEER):
        names = chat_selectors.names_in(room)
        direct = PeerMessage.objects.filter(room=room).order_by("-sent_at", "-arrived")
        found += _first_matches(
            (direct_message(row, names) for row in direct.iterator(chunk_size=500)), terms
        )
    return sorted(found, key=lambda message: message.at, reverse=True)[:MOST_FOUND]


def _first_matches(messages: Iterable[Message], terms: list[str]) -> list[Message]:
    found: list[Message] = []
    for message in messages:
        if contains_all(terms, message.text, message.name, message.to):
            found.append(message)
            if len(found) >= MOST_FOUND:
                break
    return found


@require_safe
@signed_in
def messages(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the messages of a `kind`: those `before` a number, those with all words of `q`, or the newest."""
    room = access_by_key(request.user, key).room
    words = search_words(request.GET, most=200)
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    context: dict[str, Any] = {"room": room, "q": words, "kind": kind, "most": MOST_FOUND}
    if "q" in request.GET and (words or request.htmx):
        context["found"] = search(room, words, kind=kind)
        return render(request, f"classroom/chat/{'_found' if request.htmx else 'messages'}.html", context)
    context["kind"] = kind or CHAT
    context["page"] = message_page(room, kind=context["kind"], before=number(request, "before"))
    return render(request, f"classroom/chat/{'_earlier' if request.htmx else 'messages'}.html", context)


@require_safe
@signed_in
def present_at(request: AuthenticatedHttpRequest, key: str, of: str, number: int) -> HttpResponse:
    """Show the people who were present when a message was sent."""
    room = access_by_key(request.user, key).room
    sequence = None
    if of == PEER:
        (message,) = direct_messages(room, [get_object_or_404(PeerMessage, room=room, pk=number)])
    elif of == "room":
        message = room_message(get_object_or_404(ChatMessage, room=room, sequence=number))
        sequence = number
    else:
        raise Http404("There is no such message.")
    present = chat_selectors.present_at(room, at=message.at, sequence=sequence)
    context = {"room": room, "message": message, "presence": present}
    return ask(request, "classroom/chat/present.html", context)
