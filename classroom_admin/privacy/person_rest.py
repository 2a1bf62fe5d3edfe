"""Rewrite or delete what the installation has of a person besides the rows of classes.

Each function is one step of an erasure. It takes a cursor, and returns the next one, or None at the end. A
repeated step finds nothing more to do.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q

from classroom_admin.accounts.models import User
from classroom_admin.actions.files import uploads
from classroom_admin.actions.models import ScheduledCommand, Upload
from classroom_admin.audit.models import PendingConfirmation
from classroom_admin.common import clock
from classroom_admin.common.erased import ERASED
from classroom_admin.common.names import exact_key
from classroom_admin.common.numbers import is_number
from classroom_admin.events.erasure import Finder, Replacement, rewrite
from classroom_admin.privacy.person import ListedName, Subject
from classroom_admin.privacy.person_models import PersonJob
from classroom_admin.privacy.person_rooms import containing, new_id, without_person
from classroom_admin.privacy.personal_data import rows_of_accounts
from classroom_admin.reports.models import ExportJob
from classroom_admin.reports.summaries import OVER
from classroom_admin.rooms import list_versions
from classroom_admin.rooms.models import ClassList, ClassListFile, ListedPerson, ListVersion, Room
from classroom_admin.sync.erased_people import text_without_erased
from classroom_admin.sync.models import InboxAnswer, Quarantine

Counts = dict[str, int]
AT_ONCE: Final = 500
_EMPTY_ANSWER: Final = b'{"erased":true}'
_OPEN: Final = (ScheduledCommand.State.WAITING, ScheduledCommand.State.CLAIMED)


def lists(subject: Subject, finder: Finder, stand_in: Replacement) -> Counts:
    """Take the person off class lists, and replace them on the lists of past classes."""
    mine = Q(user_uuid__in=subject.ids) if subject.ids else Q(pk=None)
    for one in subject.listed:
        mine |= Q(class_list=one.list_id, user_uuid="", name__iexact=one.name) | Q(
            class_list=one.list_id, user_uuid="", name=one.name
        )
    rows = ListedPerson.objects.filter(mine)
    list_ids = set(rows.values_list("class_list_id", flat=True))
    with transaction.atomic():
        for room in Room.objects.filter(OVER, class_list__in=list_ids, list_version=None):
            list_versions.keep(room, closed_at=None)
        off = rows.delete()[0]
        ClassList.objects.filter(pk__in=list_ids).update(version=F("version") + 1, changed_at=clock.now())
        changed = _versions(subject, finder, stand_in)
        files = ClassListFile.objects.all().delete()[0] if off or subject.emails else 0
    return {"lists": off, "list_versions": changed, "list_files": files, "joining": _joining(subject)}


def _joining(subject: Subject) -> int:
    """Delete the person's personal links into classes, and their requests to come in."""
    link, request = (apps.get_model("joining", name) for name in ("PersonalLink", "JoinRequest"))
    models: list[Any] = [request, link]
    return sum(model._default_manager.filter(user_id__in=subject.ids).delete()[0] for model in models)


def _versions(subject: Subject, finder: Finder, stand_in: Replacement) -> int:
    like = containing("people", [*subject.ids, *(one.name for one in subject.listed)])
    changed = 0
    for version in ListVersion.objects.filter(like):
        people = []
        for one in version.people:
            if not _is_listed(one, version.class_list_id, subject):
                people.append(one)
            elif not stand_in.remove:
                fresh = {"name": stand_in.name, "user_uuid": new_id(one.get("user_uuid") or "", finder)}
                people.append({**one, **fresh})
        if people != version.people:
            ListVersion.objects.filter(pk=version.pk).update(people=people)
            changed += 1
    return changed


def _is_listed(one: dict[str, Any], list_id: int | None, subject: Subject) -> bool:
    if one.get("user_uuid"):
        return one["user_uuid"] in subject.ids
    key = exact_key(one.get("name") or "")
    return list_id is not None and any((name.list_id, name.key) == (list_id, key) for name in subject.listed)


def inbox(subject: Subject, finder: Finder, cursor: int) -> tuple[Counts, int | None]:
    """Rewrite the next responses of the cloud. The step continues after the last one."""
    rows = list(InboxAnswer.objects.filter(pk__gt=cursor).order_by("pk")[:AT_ONCE])
    changed = 0
    for answer in rows:
        before = bytes(answer.body)
        if not _names(before, subject):
            continue
        after = text_without_erased(before.decode(errors="replace"), finder).encode()
        if _names(after, subject) and answer.read_at is not None:
            after = _EMPTY_ANSWER
        InboxAnswer.objects.filter(pk=answer.pk).update(body=after)
        changed += 1
    return {"inbox": changed}, rows[-1].pk if rows else None


def quarantine(subject: Subject, finder: Finder) -> Counts:
    """Rewrite what could not be read. Replace it as a whole if the person is still in it."""
    found = containing("raw", _texts(subject)) | containing("reason", _texts(subject))
    changed = 0
    for row in Quarantine.objects.filter(found):
        raw = text_without_erased(row.raw, finder)
        if _names(raw.encode(errors="replace"), subject):
            raw = ERASED
        reason = without_person(row.reason, subject)
        if (raw, reason) != (row.raw, row.reason):
            Quarantine.objects.filter(pk=row.pk).update(raw=raw, reason=reason)
            changed += 1
    return {"quarantine": changed}


def _texts(subject: Subject) -> list[str]:
    names = [name for name in subject.names if len(name) > 3]
    return [*subject.ids, *names, *subject.emails]


def _names(body: bytes, subject: Subject) -> bool:
    """Return whether bytes contain the person, in UTF-8 or escaped as JSON."""
    for text in _texts(subject):
        quoted = len(text) < 6 or is_number(text)
        for spelling in (text, json.dumps(text)[1:-1]):
            needle = f'"{spelling}"' if quoted else spelling
            if needle.encode(errors="replace") in body:
                return True
    return False


def commands(subject: Subject, finder: Finder, stand_in: Replacement) -> Counts:
    """Cancel scheduled removals of the person, and rewrite stored commands about them."""
    changed = 0
    mine = Q(key__in=subject.ids) | containing("payload", _texts(subject))
    for command in ScheduledCommand.objects.filter(mine):
        is_about = command.kind == ScheduledCommand.Kind.REMOVAL and command.key in subject.ids
        payload = rewrite(command.payload, finder, inside=stand_in if is_about else None)
        values: dict[str, Any] = {"payload": payload}
        if is_about:
            values["key"] = new_id(command.key, finder)
            if isinstance(payload.get("reason"), str):
                payload["reason"] = ""
            if command.state in _OPEN:
                values |= {"state": ScheduledCommand.State.CANCELLED, "claimable_at": None}
        if values != {name: getattr(command, name) for name in values}:
            ScheduledCommand.objects.filter(pk=command.pk).update(**values)
            changed += 1
    waiting = containing("match", subject.ids) | containing("also", subject.ids)
    for one in PendingConfirmation.objects.filter(waiting):
        one.match, one.also = rewrite(one.match, finder), rewrite(one.also, finder)
        one.save(update_fields=["match", "also"])
        changed += 1
    # This package may not import the webhooks, which are above it.
    attempts = apps.get_model("outgoing_webhooks.Attempt")._default_manager
    answers = attempts.filter(containing("answer", _texts(subject))).update(answer="")
    return {"scheduled": changed, "webhook_answers": answers}


def accounts(subject: Subject, stand_in: Replacement) -> Counts:
    """Make the accounts of the person anonymous, and delete what belongs to them: sessions, sign-ins, feeds.

    The row of an account stays, because classes and the audit log refer to it.
    """
    count = 0
    for user in User.objects.filter(pk__in=subject.accounts):
        with transaction.atomic():
            for label, field in rows_of_accounts():
                apps.get_model(label)._default_manager.filter(**{field: user.pk}).delete()
            for session in Session.objects.all().iterator():
                if str(session.get_decoded().get("_auth_user_id")) == str(user.pk):
                    session.delete()
            user.email = f"erased-{stand_in.user_uuid.removeprefix('erased-')}-{user.pk}@erased.invalid"
            user.name = stand_in.name
            user.is_active, user.last_login = False, None
            user.time_zone = user.language = ""
            user.sessions_ended += 1
            user.set_unusable_password()
            user.save()
        count += 1
    return {"account": count}


def files(subject: Subject, job: PersonJob) -> Counts:
    """Delete files that the person uploaded, and all exports, because any of them may name the person."""
    count = 0
    for upload in Upload.objects.filter(by__in=subject.accounts):
        if upload.forgotten_at is None:
            uploads.forget(upload)
        Upload.objects.filter(pk=upload.pk).update(name=ERASED)
        count += 1
    exports = ExportJob.objects.all()
    exports.filter(state=ExportJob.State.RUNNING).update(
        state=ExportJob.State.WAITING, claimable_at=clock.now()
    )
    for export in exports.filter(state=ExportJob.State.DONE):
        if export.file:
            default_storage.delete(export.file)
        exports.filter(pk=export.pk).update(state=ExportJob.State.EXPIRED, file="", changed_at=clock.now())
        count += 1
    exports.filter(containing("params", _texts(subject))).delete()
    for other in PersonJob.objects.filter(kind=PersonJob.Kind.EXPORT).exclude(pk=job.pk):
        delete_export(other)
    return {"files": count}


def delete_export(job: PersonJob) -> None:
    """Delete the file of an export of a person's data, and whose data it was."""
    if job.file:
        default_storage.delete(job.file)
    PersonJob.objects.filter(pk=job.pk).update(
        state=PersonJob.State.EXPIRED, file="", secret="", claimable_at=None, changed_at=clock.now()
    )


def listed_texts(subject: Subject) -> list[tuple[str, ListedName]]:
    """Return the names on class lists with the keys of their lists."""
    keys = dict(ClassList.objects.filter(pk__in=subject.list_ids).values_list("pk", "key"))
    return [(keys[one.list_id], one) for one in subject.listed if one.list_id in keys]
