"""Delete the texts of the chat, and direct messages.

The text of a chat message is removed from its stored event and from its row. The sequence, the time and the
sender stay until the events are deleted, so that projecting the class again gives the same rows, and figures
of the participation stay. Direct messages have no sequence, so their events and rows are deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from django.db.models import F, Max, Q

from classroom_admin.events import PROJECTION_VERSION, Stream
from classroom_admin.events.agora_chat import FIRST_NUMBER
from classroom_admin.events.deletion import CHAT_CMDS, MAYBE_CHAT_CMD, without_text
from classroom_admin.privacy import due
from classroom_admin.privacy.limits import Kind
from classroom_admin.privacy.recorder import AT_ONCE, Recorder
from classroom_admin.rooms.class_selectors import room_ids
from classroom_admin.rooms.models import ChatMessage, ClassRetention, PeerMessage, Room
from classroom_admin.sync import gaps, projector, statements
from classroom_admin.sync.models import Quarantine, StoredEvent

_OF_CHAT: Final = Q(stream=Stream.CHAT) | Q(
    stream=Stream.ROOM, cmd__in=[cmd for cmd in (*CHAT_CMDS, MAYBE_CHAT_CMD) if cmd is not None]
)
"""The condition that an event may be a chat message."""


def delete_chat(recorder: Recorder) -> Iterator[None]:
    """Delete the texts of the chat of all classes that are old enough."""
    for class_id in _due(Kind.CHAT, recorder):
        rooms = list(room_ids(Room(pk=class_id, groups_sequence=1)))
        project_everything(rooms)
        parts = 0
        for room_id in rooms:
            for _part in _delete_texts_of(recorder, class_id, room_id):
                parts += 1
                yield
        with recorder.part() as deleted:
            if not still_due(class_id, recorder):
                continue
            newest = Room.objects.filter(pk__in=rooms).aggregate(newest=Max("last_event_id"))["newest"]
            ClassRetention.objects.get_or_create(room_id=class_id)
            ClassRetention.objects.filter(room_id=class_id).update(chat_deleted_to=newest or 0)
            is_unmarked = Room.objects.filter(pk=class_id, chat_deleted_at=None).exists()
            has_deleted = ChatMessage.objects.filter(room__in=rooms, deleted=True).exists()
            if has_deleted and (parts or is_unmarked):
                deleted.classes += _mark(rooms, recorder, "chat_deleted_at")
        yield


def _delete_texts_of(recorder: Recorder, class_id: int, room_id: int) -> Iterator[None]:
    yield from _delete_events_texts(recorder, class_id, room_id)
    yield from _delete_texts_without_event(recorder, class_id, room_id)


def project_everything(room_ids: list[int]) -> None:
    """Project the waiting events of these rooms, and rooms of an earlier projection version again."""
    projector.project_rooms(room_ids, past_gaps=True)
    rooms = projector.projectable().filter(pk__in=room_ids, projection_version__lt=PROJECTION_VERSION)
    for room_id in list(rooms.order_by("pk").values_list("pk", flat=True)):
        projector.project_again(room_id)


def still_due(class_id: int, recorder: Recorder) -> bool:
    """Return whether the class is still old enough. Call this after `lock`."""
    return due.older_classes(recorder.before, recorder.now).filter(pk=class_id).exists()


def lock(room_ids: list[int]) -> None:
    """Lock the rooms like every other writer: first the cursors, then the rooms, in ascending order of id."""
    for room_id in sorted(room_ids):
        gaps.lock(room_id)
    list(Room.objects.select_for_update().filter(pk__in=room_ids).order_by("pk").values_list("pk"))


def _due(kind: Kind, recorder: Recorder) -> list[int]:
    found = due.classes(kind, recorder.before, recorder.now)
    return list(found.values_list("pk", flat=True))


def _mark(rooms: list[int], recorder: Recorder, column: str) -> int:
    """Note on a class that data was deleted now. Return 1 if this was not noted in this run before."""
    of_class = Room.objects.filter(pk__in=rooms)
    is_new = not of_class.filter(**{f"{column}__gte": recorder.now}).exists()
    of_class.update(**{column: recorder.now}, version=F("version") + 1)
    return int(is_new)


def _delete_events_texts(recorder: Recorder, class_id: int, room_id: int) -> Iterator[None]:
    """Remove the texts from the events of a room and from the rows that were made of them."""
    last = 0
    events = StoredEvent.objects.filter(_OF_CHAT, room_id=room_id).order_by("pk")
    while part := list(events.filter(pk__gt=last).values_list("pk", flat=True)[:AT_ONCE]):
        with recorder.part() as deleted:
            lock([room_id])
            if not still_due(class_id, recorder):
                return
            deleted.rows += _delete_texts(room_id, part)
        last = part[-1]
        if deleted.rows:
            yield


def _delete_texts(room_id: int, event_ids: list[int]) -> int:
    """Remove the texts of some events of a room. Return how many messages lost their text."""
    events = list(StoredEvent.objects.filter(pk__in=event_ids).order_by("pk"))
    numbers = {event.pk: _number(event) for event in events}
    messages = ChatMessage.objects.filter(room_id=room_id, sequence__in=list(numbers.values()))
    kinds = dict(messages.values_list("sequence", "kind"))
    changed = _changed(events, numbers, kinds)
    statements.update(StoredEvent, ("raw", "odd"), [(raw, "", pk) for pk, raw in changed.items()])
    aside = Quarantine.objects.filter(event__in=list(changed)).values_list("pk", "event_id")
    statements.update(Quarantine, ("raw",), [(changed[event_id], pk) for pk, event_id in aside])
    gone = messages.filter(sequence__in=[numbers[pk] for pk in changed], deleted=False)
    return _empty(room_id, list(gone.values_list("pk", flat=True)))


def _changed(
    events: list[StoredEvent], numbers: Mapping[int, int], kinds: Mapping[int, str]
) -> dict[int, str]:
    """Return the JSON of each event without its text, by the event's id. Omit events without a text."""
    found = {
        event.pk: without_text(event.stream, event.raw, kind=kinds.get(numbers[event.pk], ""))
        for event in events
    }
    return {pk: raw for pk, raw in found.items() if raw is not None}


def _number(event: StoredEvent) -> int:
    """Return the sequence of the message's row."""
    return FIRST_NUMBER + event.pk if event.sequence is None else event.sequence


def _delete_texts_without_event(recorder: Recorder, class_id: int, room_id: int) -> Iterator[None]:
    """Remove the texts of the other messages: a sealed class has no events any more."""
    left = ChatMessage.objects.filter(room_id=room_id, deleted=False).order_by("pk")
    while part := list(left.values_list("pk", flat=True)[:AT_ONCE]):
        with recorder.part() as deleted:
            lock([room_id])
            if not still_due(class_id, recorder):
                return
            deleted.rows += _empty(room_id, part)
        yield


def _empty(room_id: int, messages: list[int]) -> int:
    if not messages:
        return 0
    Room.objects.filter(pk=room_id).update(version=F("version") + 1)
    version = Room.objects.values_list("version", flat=True).get(pk=room_id)
    return ChatMessage.objects.filter(pk__in=messages).update(text="", deleted=True, version=version)


def delete_direct_messages(recorder: Recorder) -> Iterator[None]:
    """Delete the direct messages of all classes that are old enough."""
    for class_id in _due(Kind.DIRECT_MESSAGES, recorder):
        rooms = list(room_ids(Room(pk=class_id, groups_sequence=1)))
        for room_id in rooms:
            yield from _delete_peers(recorder, class_id, room_id)
        with recorder.part() as deleted:
            if not PeerMessage.objects.filter(room__in=rooms).exists():
                deleted.classes += _mark(rooms, recorder, "direct_deleted_at")
        yield


def _delete_peers(recorder: Recorder, class_id: int, room_id: int) -> Iterator[None]:
    """Delete the direct messages of a room: each event together with its row."""
    messages = PeerMessage.objects.filter(room_id=room_id)
    events = StoredEvent.objects.filter(room_id=room_id, stream=Stream.PEER)
    while True:
        digests = list(messages.values_list("digest", flat=True)[:AT_ONCE])
        digests = digests or list(events.values_list("digest", flat=True)[:AT_ONCE])
        if not digests:
            return
        with recorder.part() as deleted:
            lock([room_id])
            if not still_due(class_id, recorder):
                return
            events.filter(digest__in=digests).delete()  # also from the quarantine
            deleted.rows += messages.filter(digest__in=digests).delete()[0]
        yield
