"""Repeat erasures after a copy of the database was put back that was made before them.

The ledger file has only keyed hashes. So the ids, email addresses and names in the database are hashed, and
compared with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.common.names import exact_key
from classroom_admin.privacy import erasure_ledger
from classroom_admin.privacy.erasure_ledger import Kind, NoKey, digest, listed_text
from classroom_admin.privacy.person import Subject, subject_of
from classroom_admin.privacy.person_jobs import repeat_erasure
from classroom_admin.privacy.person_models import Erasure, PersonJob
from classroom_admin.reports.models import PersonSummary
from classroom_admin.rooms.models import (
    Answer,
    ChatMessage,
    ListedPerson,
    ListVersion,
    Participant,
    PeerMessage,
    Presence,
)
from classroom_admin.sync.models import ChannelNotice, PresenceCorrection


def missing_erasures() -> list[PersonJob]:
    """Queue each erasure of the ledger file that the database does not have. Return the jobs.

    Raise ``NoKey`` if the hashes of one can't be compared. The others are queued all the same.
    """
    jobs: list[PersonJob] = []
    no_key: NoKey | None = None
    for entry in erasure_ledger.entries_in_file():
        try:
            with transaction.atomic():  # an erasure without its job would never be repeated
                erasure = erasure_ledger.adopt(entry)
                if erasure is not None:
                    jobs.append(repeat_erasure(erasure, _person(erasure)))
        except NoKey as error:
            no_key = error
    if no_key is not None:
        raise no_key
    return jobs


def _person(erasure: Erasure) -> Subject:
    """Return the person of an erasure, as far as the database knows them."""
    secret = erasure_ledger.secret_of_hashes(erasure)
    wanted = set(erasure.identities.values_list("kind", "digest"))

    def is_wanted(kind: str, text: str) -> bool:
        return (str(kind), digest(secret, kind, text)) in wanted

    ids = [one for one in dict.fromkeys(_user_ids()) if is_wanted(Kind.USER_ID, one)]
    accounts = [
        pk for pk, email in User.objects.values_list("pk", "email") if is_wanted(Kind.ACCOUNT, email.lower())
    ]
    listed = [
        f"listed:{list_id}:{name}"
        for list_id, key, name in _listed()
        if is_wanted(Kind.LISTED, listed_text(key, exact_key(name)))
    ]
    subject = subject_of([*(f"id:{one}" for one in ids), *(f"account:{pk}" for pk in accounts), *listed])
    emails = {email.lower() for email in ListedPerson.objects.values_list("email", flat=True) if email}
    subject.emails = sorted({*subject.emails, *(one for one in emails if is_wanted(Kind.EMAIL, one))})
    return subject


def _user_ids() -> Iterator[str]:
    models: tuple[Any, ...] = (
        Participant,
        Presence,
        ChatMessage,
        PeerMessage,
        Answer,
        PersonSummary,
        PresenceCorrection,
        ListedPerson,
        CloudIdentity,
        ChannelNotice,
    )
    for model in models:
        rows = model._default_manager.order_by().values_list("user_uuid", flat=True).distinct()
        yield from (one for one in rows.iterator() if one)
    for people in ListVersion.objects.values_list("people", flat=True).iterator():
        yield from (one["user_uuid"] for one in people if one.get("user_uuid"))


def _listed() -> Iterator[tuple[int, str, str]]:
    rows = ListedPerson.objects.filter(user_uuid="")
    yield from rows.values_list("class_list_id", "class_list__key", "name").iterator()
    versions = ListVersion.objects.filter(class_list__isnull=False)
    for list_id, key, people in versions.values_list("class_list_id", "class_list__key", "people").iterator():
        for one in people:
            if not one.get("user_uuid") and one.get("name"):
                yield list_id, key, one["name"]
