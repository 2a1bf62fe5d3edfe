"""The data of a person by kind: to count it, to show it and to export it.

A message belongs to the person who wrote it. Others' messages are not exported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts.models import User
from classroom_admin.actions.models import ScheduledCommand, Upload
from classroom_admin.audit.actions import label
from classroom_admin.audit.models import Entry
from classroom_admin.common.clock import iso
from classroom_admin.privacy.person import Subject
from classroom_admin.privacy.person_rooms import containing
from classroom_admin.reports import person_keys
from classroom_admin.reports.models import Correction, PersonSummary
from classroom_admin.rooms.models import (
    Answer,
    ChatMessage,
    ListedPerson,
    ListVersion,
    Participant,
    PeerMessage,
    Presence,
    Recording,
    Resource,
)
from classroom_admin.sync.models import ChannelNotice, PresenceCorrection

Row = dict[str, Any]
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Section:
    """A kind of data. `rows` returns what the database has, `row` what the export says about one of them."""

    name: str
    title: Any
    rows: Callable[[Subject], QuerySet[Any]]
    row: Callable[[Any], Row]

    def count(self, subject: Subject) -> int:
        return self.rows(subject).count()

    def exported(self, subject: Subject) -> Iterator[Row]:
        for one in self.rows(subject).iterator(chunk_size=AT_ONCE):
            yield self.row(one)


def counts_of(subject: Subject) -> dict[str, int]:
    """Return how much there is of each kind of data, without the kinds of which there is nothing."""
    found = {section.name: section.count(subject) for section in SECTIONS}
    return {name: count for name, count in found.items() if count}


def _mine(model: Any) -> Callable[[Subject], QuerySet[Any]]:
    """Return a function for the rows of a table of classes that have an id of the person."""

    def rows(subject: Subject) -> QuerySet[Any]:
        found: QuerySet[Any] = model._default_manager.filter(user_uuid__in=subject.ids)
        return found.select_related("room").order_by("room", "pk")

    return rows


def _class(row: Any) -> Row:
    return {"class": row.room.name, "class_key": row.room.key, "started_at": iso(row.room.started_at)}


def _listed_keys(subject: Subject) -> list[str]:
    return [person_keys.of_name(one.name) for one in subject.listed]


def _figures(subject: Subject) -> QuerySet[PersonSummary]:
    of_lists = Q(summary__class_list__in=subject.list_ids, person_key__in=_listed_keys(subject))
    found = PersonSummary.objects.filter(Q(user_uuid__in=subject.ids) | of_lists)
    return found.select_related("room", "correction").order_by("room", "pk")


def _attendance(row: PersonSummary) -> Row:
    return _class(row) | {
        "user_id": row.user_uuid,
        "name": row.name,
        "list_name": row.list_name,
        "group": row.group,
        "role": row.role,
        "status": row.final_status,
        "corrected": row.is_corrected,
        "first_in": iso(row.first_in),
        "last_out": iso(row.last_out),
        "minutes_present": round(row.present_ms / 60_000, 1),
        "reconnects": row.reconnects,
        "chat_messages": row.chat,
        "raised_hands": row.hands,
        "minutes_on_stage": round(row.stage_ms / 60_000, 1),
        "minutes_camera": round(row.camera_ms / 60_000, 1),
        "answers": row.answers,
        "correct_answers": row.correct,
        "rewards": row.rewards,
        "spans": row.spans,
    }


def _corrections(subject: Subject) -> QuerySet[Correction]:
    keys = [person_keys.of_id(one) for one in subject.ids]
    of_person = PersonSummary.objects.filter(
        room=OuterRef("room"), person_key=OuterRef("person_key"), user_uuid__in=subject.ids
    )
    of_lists = Q(room__class_list__in=subject.list_ids) | Q(
        room__list_version__class_list__in=subject.list_ids
    )
    named = Q(of_lists, person_key__in=_listed_keys(subject))
    found = Correction.objects.filter(Q(person_key__in=keys) | named | Exists(of_person))
    return found.select_related("room", "by").order_by("pk")


def _recordings(subject: Subject) -> QuerySet[Recording]:
    present = Presence.objects.filter(
        Q(left_at=None) | Q(left_at__gte=OuterRef("started_at")),
        room=OuterRef("room"),
        user_uuid__in=subject.ids,
    )
    before_end = present.filter(Q(entered_at__lte=OuterRef("ended_at")))
    of_person = Q(Exists(before_end)) | (Q(ended_at=None) & Q(Exists(present)))
    return Recording.objects.filter(of_person).select_related("room").order_by("pk")


def _shared_files(subject: Subject) -> QuerySet[Resource]:
    rooms = Participant.objects.filter(user_uuid__in=subject.ids).values("room")
    found = Resource.objects.filter(put_by__in=subject.names, room__in=rooms)
    return found.select_related("room").order_by("pk")


def _notices(subject: Subject) -> QuerySet[ChannelNotice]:
    mine = Q(user_uuid__in=subject.ids) | Q(stream_uuid__in=subject.ids)
    return ChannelNotice.objects.filter(mine).order_by("at", "pk")


def _listed(subject: Subject) -> QuerySet[ListedPerson]:
    mine = Q(user_uuid__in=subject.ids)
    for one in subject.listed:
        mine |= Q(class_list=one.list_id, name=one.name, user_uuid="")
    return ListedPerson.objects.filter(mine).select_related("class_list").order_by("pk")


def _versions(subject: Subject) -> QuerySet[ListVersion]:
    mine = containing("people", subject.user_uuids)
    if subject.listed:
        mine |= containing("people", [one.name for one in subject.listed]) & Q(
            class_list__in=subject.list_ids
        )
    return ListVersion.objects.filter(mine).order_by("pk")


def _audit(subject: Subject) -> QuerySet[Entry]:
    about = Q(target__in=[*subject.ids, *subject.emails])
    return Entry.objects.filter(Q(actor__in=subject.accounts) | about).order_by("pk")


def _message(row: Any) -> Row:
    return _class(row) | {"at": iso(row.sent_at), "kind": row.kind, "name": row.name, "text": row.text}


def _participant(row: Participant) -> Row:
    return _class(row) | {
        "user_id": row.user_uuid,
        "name": row.name,
        "role": row.role,
        "first_entry": iso(row.entered_at),
        "last_departure": iso(row.left_at),
        "times_left": row.times_left,
        "removed_at": iso(row.kicked_at),
        "last_on_stage_at": iso(row.last_on_stage_at),
        "hand_raised": row.hand_raised,
        "chat_muted": row.is_chat_muted,
        "rewards": row.rewards,
        "properties": row.properties,
    }


def _account(row: User) -> Row:
    return {
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "active": row.is_active,
        "time_zone": row.time_zone,
        "language": row.language,
        "created_at": iso(row.created_at),
        "last_sign_in": iso(row.last_login),
        "cloud_user_ids": list(row.identities.values_list("user_uuid", flat=True)),
    }


SECTIONS: Final = (
    Section("attendance", _("Attendance and participation"), _figures, _attendance),
    Section("participants", _("Classes"), _mine(Participant), _participant),
    Section(
        "stays",
        _("Times of presence"),
        _mine(Presence),
        lambda row: (
            _class(row)
            | {"entered_at": iso(row.entered_at), "left_at": iso(row.left_at), "removed": row.kicked}
        ),
    ),
    Section("chat", _("Chat messages"), _mine(ChatMessage), _message),
    Section("direct_messages", _("Direct messages sent"), _mine(PeerMessage), _message),
    Section(
        "answers",
        _("Answers in quizzes and polls"),
        _mine(Answer),
        lambda row: (
            _class(row)
            | {
                "of": row.of,
                "question": row.question_id,
                "selected": row.selected,
                "correct": row.is_correct,
                "at": iso(row.answered_at),
            }
        ),
    ),
    Section(
        "corrections",
        _("Corrections of attendance"),
        _corrections,
        lambda row: _class(row) | {"status": row.status, "note": row.note, "at": iso(row.at)},
    ),
    Section(
        "presence_corrections",
        _("Corrections of presence from the cloud"),
        _mine(PresenceCorrection),
        lambda row: _class(row) | {"online": row.online, "at": iso(row.at), "name": row.name},
    ),
    Section(
        "files",
        _("Files shared in classes"),
        _shared_files,
        lambda row: _class(row) | {"name": row.name, "bytes": row.size, "at": iso(row.put_at)},
    ),
    Section(
        "uploads",
        _("Uploaded files"),
        lambda subject: Upload.objects.filter(by__in=subject.accounts).select_related("room"),
        lambda row: _class(row) | {"name": row.name, "bytes": row.size, "at": iso(row.created_at)},
    ),
    Section(
        "recordings",
        _("Recordings of classes while the person was present"),
        _recordings,
        lambda row: (
            _class(row) | {"recording": row.record_id, "from": iso(row.started_at), "to": iso(row.ended_at)}
        ),
    ),
    Section(
        "notices",
        _("Notifications about connections"),
        _notices,
        lambda row: {"room_id": row.room_uuid, "at": iso(row.at), "type": row.event_type},
    ),
    Section(
        "lists",
        _("Class lists"),
        _listed,
        lambda row: {
            "list": row.class_list.name,
            "name": row.name,
            "user_id": row.user_uuid,
            "email": row.email,
            "group": row.group,
        },
    ),
    Section(
        "list_versions",
        _("Class lists of past classes"),
        _versions,
        lambda row: {"list": row.name, "version": row.number},
    ),
    Section(
        "scheduled",
        _("Scheduled removals from a class"),
        lambda subject: ScheduledCommand.objects.filter(
            kind=ScheduledCommand.Kind.REMOVAL, key__in=subject.ids
        ),
        lambda row: {"due_at": iso(row.due_at), "state": row.state},
    ),
    Section("account", _("Account"), lambda subject: User.objects.filter(pk__in=subject.accounts), _account),
    Section(
        "audit",
        _("Entries of the audit log by or about the person"),
        _audit,
        lambda row: {
            "at": iso(row.at),
            "by": row.actor_name,
            "action": row.action,
            "words": str(label(row.action)),
            "about": row.target_name,
            "room_id": row.room_uuid,
        },
    ),
)
TITLES: Final = {section.name: section.title for section in SECTIONS}
