"""Rewrite a person in the events and rows of classes.

The stored events are rewritten, so that a later projection gives the same rows. The rows are rewritten, too,
because a sealed class is never projected again. A second call finds nothing more to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from django.db import models, transaction
from django.db.models import Q

from classroom_admin.common.erased import ERASED
from classroom_admin.common.json_reading import as_json
from classroom_admin.events.erasure import Finder, Replacement, rewrite, rewrite_event
from classroom_admin.privacy.person import Subject
from classroom_admin.reports import person_keys
from classroom_admin.reports.models import ClassSummary, Correction, PersonSummary
from classroom_admin.rooms.models import (
    Answer,
    ChatMessage,
    Participant,
    PeerMessage,
    Presence,
    Resource,
    Room,
)
from classroom_admin.sync import projector
from classroom_admin.sync.models import ChannelNotice, PresenceCorrection, RoomCursor, StoredEvent

ROOMS_AT_ONCE: Final = 200
JSON_OF_ROOMS: Final = ("properties", "ext_apps", "groups", "known_groups")
_BY_ID: Final[tuple[type[models.Model], ...]] = (
    Participant,
    Presence,
    ChatMessage,
    PeerMessage,
    Answer,
    PersonSummary,
    PresenceCorrection,
)


def containing(column: str, texts: Iterable[str]) -> Q:
    """Return the condition that a text or JSON column may contain one of these texts."""
    condition = Q(pk=None)
    for text in texts:
        for spelling in {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}:
            condition |= Q(**{f"{column}__icontains": spelling})
    return condition


def rooms_after(cursor: int) -> list[int]:
    """Return the ids of the next rooms to look at, in ascending order."""
    return list(
        Room.objects.filter(pk__gt=cursor).order_by("pk").values_list("pk", flat=True)[:ROOMS_AT_ONCE]
    )


def affected(room_ids: list[int], subject: Subject) -> list[int]:
    """Return which of these rooms have something of the person."""
    ids = subject.ids
    found: set[int] = set()
    for model in _BY_ID:
        rows: Any = model._default_manager.filter(room__in=room_ids, user_uuid__in=ids)
        found |= set(rows.order_by().values_list("room_id", flat=True).distinct())
    if ids:
        received = PeerMessage.objects.filter(room__in=room_ids, to_user_uuid__in=ids)
        found |= set(received.values_list("room_id", flat=True))
        events = StoredEvent.objects.filter(containing("raw", ids), room__in=room_ids)
        found |= set(events.order_by().values_list("room_id", flat=True).distinct())
        in_columns = Q(pk=None)  # a sealed class has no events any more
        for column in JSON_OF_ROOMS:
            in_columns |= containing(column, ids)
        found |= set(Room.objects.filter(in_columns, pk__in=room_ids).values_list("pk", flat=True))
    if subject.list_ids:
        of_lists = Q(class_list__in=subject.list_ids) | Q(list_version__class_list__in=subject.list_ids)
        found |= set(Room.objects.filter(of_lists, pk__in=room_ids).values_list("pk", flat=True))
    return sorted(found)


def rewrite_room(room_id: int, subject: Subject, finder: Finder, stand_in: Replacement) -> dict[str, int]:
    """Rewrite the person in one class. Return how many rows of each kind were changed."""
    with transaction.atomic():
        list(RoomCursor.objects.select_for_update().filter(room=room_id).order_by("id"))  # no projection now
        room = Room.objects.select_for_update().get(pk=room_id)
        is_projected = projector.projectable().filter(pk=room_id).exists()
        counts = {"events": _events(room_id, subject, finder)}
        version = room.version + 1
        counts |= _rows(room_id, subject, finder, stand_in, version)
        counts["figures"] = _figures(room, subject, finder, stand_in)
        counts["notices"] = _notices(room, subject, finder)
        counts["class_properties"] = _room_columns(room, finder)
        if is_projected and any(counts.values()):
            Room.objects.filter(pk=room_id).update(version=version)  # open pages get the changed rows
            projector.project_again(room_id)
    return {name: count for name, count in counts.items() if count}


def _events(room_id: int, subject: Subject, finder: Finder) -> int:
    changed = 0
    found = StoredEvent.objects.filter(containing("raw", [*subject.ids, *subject.emails]), room=room_id)
    for pk, raw, odd, unreadable in list(found.values_list("pk", "raw", "odd", "unreadable")):
        before = json.loads(raw)
        after = rewrite_event(before, finder)
        if after is None:
            StoredEvent.objects.filter(pk=pk).delete()
        elif after != before:
            cmd = {"cmd": 0} if after.get("cmd") == 0 else {}
            StoredEvent.objects.filter(pk=pk).update(
                raw=as_json(after),
                odd=without_person(odd, subject),
                unreadable=without_person(unreadable, subject),
                **cmd,
            )
        else:
            continue
        changed += 1
    return changed


def without_person(text: str, subject: Subject) -> str:
    """Return a text about a problem, or a placeholder if it contains something of the person."""
    has_any = any(one in text for one in [*subject.ids, *subject.names, *subject.emails] if len(one) > 3)
    return ERASED if has_any else text


def _rows(
    room_id: int, subject: Subject, finder: Finder, stand_in: Replacement, version: int
) -> dict[str, int]:
    """Rewrite the read models. With `stand_in.remove`, delete the rows that are only about the person."""
    ids, counts = subject.ids, {}
    for name, model, words in (
        ("participants", Participant, ()),
        ("stays", Presence, ()),
        ("chat", ChatMessage, ("text",)),
        ("direct_messages", PeerMessage, ("text",)),
        ("answers", Answer, ()),
        ("presence_corrections", PresenceCorrection, ()),
    ):
        manager: Any = model._default_manager
        mine = manager.filter(room=room_id, user_uuid__in=ids)
        if stand_in.remove:
            counts[name] = mine.delete()[0]
            continue
        for row in mine:
            _replace(row, finder, words=words, version=version)
            counts[name] = counts.get(name, 0) + 1
    for message in PeerMessage.objects.filter(room=room_id, to_user_uuid__in=ids):
        message.to_user_uuid = new_id(message.to_user_uuid, finder)
        message.text, message.version = "", version
        message.save(update_fields=["to_user_uuid", "text", "version"])
        counts["direct_messages"] = counts.get("direct_messages", 0) + 1
    if ids and (names := subject.names):
        for resource in Resource.objects.filter(room=room_id, put_by__in=names):
            resource.name, resource.url, resource.put_by, resource.version = "", "", stand_in.name, version
            resource.save(update_fields=["name", "url", "put_by", "version"])
            counts["files"] = counts.get("files", 0) + 1
    return counts


def new_id(user_uuid: str, finder: Finder) -> str:
    """Return the id that stands for an erased person, or the same id for anyone else."""
    person = finder.by_id(user_uuid)
    return person.user_uuid if person is not None else user_uuid


def _replace(row: Any, finder: Finder, *, words: tuple[str, ...], version: int) -> None:
    person = finder.by_id(row.user_uuid)
    assert person is not None
    row.user_uuid = person.user_uuid
    fields = ["user_uuid"]
    for name, value in (("name", person.name), ("version", version), *((word, "") for word in words)):
        if hasattr(row, name) and (name != "name" or row.name):
            setattr(row, name, value)
            fields.append(name)
    if isinstance(row, ChatMessage):
        row.deleted = True
        fields.append("deleted")
    if isinstance(row, Participant):
        row.streams = rewrite(row.streams, finder, inside=person)
        row.properties = rewrite(row.properties, finder, inside=person)
        fields += ["name_search", "streams", "properties"]
    row.save(update_fields=fields)


def _figures(room: Room, subject: Subject, finder: Finder, stand_in: Replacement) -> int:
    """Rewrite the stored figures and the corrections of attendance."""
    list_id = room.list_version.class_list_id if room.list_version else room.class_list_id
    keys = {person_keys.of_id(one): person_keys.of_id(new_id(one, finder)) for one in subject.ids}
    if list_id in subject.list_ids:
        keys |= {
            person_keys.of_name(one.name): person_keys.of_name(stand_in.name)
            for one in subject.listed
            if one.list_id == list_id
        }
    of_person = Q(user_uuid__in=subject.ids) | Q(pk=None)
    of_person |= Q(person_key__in=[key for old in keys for key in (old, *(f"{old}#{n}" for n in (2, 3)))])
    changed = 0
    rows = PersonSummary.objects.filter(of_person, room=room)
    old_keys = dict(keys)
    for row in rows:
        changed += 1
        if row.user_uuid in subject.ids:
            # A list may name the person without an id: corrections then have the name.
            fresh = person_keys.of_name(stand_in.name) if row.person_key.startswith("name:") else None
            old_keys.setdefault(row.person_key, fresh or row.person_key)
        if stand_in.remove:
            row.delete()
            continue
        _replace_figures(row, finder, stand_in, old_keys.get(row.person_key.partition("#")[0], ""))
    for correction in Correction.objects.filter(room=room, person_key__in=list(old_keys)):
        changed += 1
        Correction.objects.filter(pk=correction.pk).update(
            person_key=old_keys[correction.person_key], note=ERASED if correction.note else ""
        )
    for summary in ClassSummary.objects.filter(room=room):
        tracks, alerts = rewrite(summary.tracks, finder), rewrite(summary.alerts, finder)
        if (tracks, alerts) != (summary.tracks, summary.alerts):
            ClassSummary.objects.filter(pk=summary.pk).update(tracks=tracks, alerts=alerts)
    return changed


def _replace_figures(row: PersonSummary, finder: Finder, stand_in: Replacement, key: str) -> None:
    number = row.person_key.partition("#")[1:]
    row.person_key = (key + "".join(number)) if key else person_keys.of_id(new_id(row.user_uuid, finder))
    taken = PersonSummary.objects.filter(summary=row.summary_id, person_key=row.person_key)
    if taken.exclude(pk=row.pk).exists():
        row.person_key = f"{row.person_key}#{row.pk}"
    row.user_uuid = new_id(row.user_uuid, finder)
    row.more_ids = [new_id(one, finder) for one in row.more_ids]
    row.name = stand_in.name if row.name else ""
    row.list_name = stand_in.name if row.list_name else ""
    row.save(update_fields=["person_key", "user_uuid", "more_ids", "name", "list_name"])


def _notices(room: Room, subject: Subject, finder: Finder) -> int:
    """Rewrite the notifications about the channels of the class and of its breakout rooms."""
    return notices(subject, finder, channels=[room.room_uuid, *room.known_groups])


def notices(subject: Subject, finder: Finder, *, channels: list[str] | None = None) -> int:
    """Rewrite the notifications that name the person, in these channels or in all, also in unknown ones."""
    if not subject.ids:
        return 0
    mine = Q(user_uuid__in=subject.ids) | Q(stream_uuid__in=subject.ids) | containing("raw", subject.ids)
    changed = 0
    found = ChannelNotice.objects.filter(mine)
    for notice in found if channels is None else found.filter(room_uuid__in=channels):
        before = (notice.user_uuid, notice.stream_uuid, notice.raw)
        notice.user_uuid = new_id(notice.user_uuid, finder)
        notice.stream_uuid = new_id(notice.stream_uuid, finder)
        notice.raw = as_json(rewrite(json.loads(notice.raw), finder))
        if (notice.user_uuid, notice.stream_uuid, notice.raw) != before:
            notice.save(update_fields=["user_uuid", "stream_uuid", "raw"])
            changed += 1
    return changed


def _room_columns(room: Room, finder: Finder) -> int:
    columns = {name: getattr(room, name) for name in JSON_OF_ROOMS}
    changed = {
        name: after for name, before in columns.items() if (after := rewrite(before, finder)) != before
    }
    if changed:
        Room.objects.filter(pk=room.pk).update(**changed)
    return len(changed)


def kept_classes(subject: Subject) -> int:
    """Return how many classes of the person an administrator keeps, for example because of an incident."""
    mine = Participant.objects.filter(user_uuid__in=subject.ids, room__retention__kept_at__isnull=False)
    return mine.values("room").distinct().count()


def in_class_now(subject: Subject) -> Room | None:
    """Return a class in which the person is present now, or None."""
    present = Participant.objects.filter(user_uuid__in=subject.ids, online=True)
    found = present.filter(room__state=1, room__gone_at=None).select_related("room").first()
    return found.room if found else None
