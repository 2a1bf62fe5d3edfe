"""Writing the audit log, whose records can't be changed."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from classroom_admin.accounts.models import User
from classroom_admin.audit import record
from classroom_admin.audit.actions import LABELS, label
from classroom_admin.audit.models import Entry, RecordIsFinal, Step
from classroom_admin.audit.record import SecretOnRecord
from tests.stepped_clock import SteppedClock, use


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada@school.test", name="Ada", role="administrator")


@pytest.fixture
def entry(ada: User) -> Entry:
    return record.done(actor=ada, action="class.start", room_uuid="maths", params={"state": 1})


def test_entry_records_arguments_and_steps(ada):
    with use(SteppedClock(datetime(2026, 5, 4, 8, 0, tzinfo=UTC))):
        entry = record.record(
            actor=ada,
            action="participant.remove",
            room_uuid="maths",
            target="pupil-7",
            target_name="Zoë 🌻",
            params={"duration": 600},
        )
        record.add_step(entry, Step.Kind.REQUESTED)
        record.add_step(entry, "failed", {"http_status": 404, "message": "no such user"})
    stored = Entry.objects.get()
    assert (stored.actor, stored.actor_name, stored.action) == (ada, "Ada", "participant.remove")
    assert (stored.room_uuid, stored.target, stored.target_name) == ("maths", "pupil-7", "Zoë 🌻")
    assert stored.params == {"duration": 600}
    assert stored.at == datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
    steps = [(step.kind, step.room_uuid, step.detail) for step in stored.steps.all()]
    assert steps == [
        ("requested", "maths", {}),
        ("failed", "maths", {"http_status": 404, "message": "no such user"}),
    ]


def test_entry_keeps_the_name_after_a_rename(ada, entry):
    ada.name = "Somebody Else"
    ada.save()
    assert Entry.objects.get().actor_name == "Ada"


def test_long_names_are_cut(ada):
    entry = record.done(actor=ada, action="class.start", target="t" * 300, target_name="ü" * 300)
    assert (len(entry.target), len(entry.target_name)) == (254, 254)


def test_action_without_label_raises(ada):
    with pytest.raises(ValueError, match=r"class\.explode"):
        record.record(actor=ada, action="class.explode")
    assert not Entry.objects.exists()


def test_every_action_has_a_label_and_unknown_ones_show_their_name():
    assert all(words and words[0].isupper() and words.strip() == words for words in LABELS.values())
    assert len(set(LABELS.values())) == len(LABELS)
    assert label("class.start") == "Started the class"
    assert label("class.from_a_later_version") == "class.from_a_later_version"


def test_unknown_kind_of_step_raises(entry):
    with pytest.raises(ValueError, match="exploded"):
        record.add_step(entry, "exploded")


@pytest.mark.parametrize(
    "params",
    [
        {"password": "x"},
        {"new_Password": "x"},
        {"appCertificate": "x"},
        {"task": {"taskToken": "x"}},
        {"storage": [{"accessKey": 1}, {"secretKey": "x"}]},
        {"headers": ({"Authorization": "x"},)},
    ],
)
def test_secrets_are_refused_at_any_depth(ada, entry, params):
    with pytest.raises(SecretOnRecord):
        record.record(actor=ada, action="class.start", params=params)
    with pytest.raises(SecretOnRecord):
        record.add_step(entry, Step.Kind.DONE, params)
    with pytest.raises(SecretOnRecord):
        record.done(actor=ada, action="class.start", detail=params)
    assert Entry.objects.get() == entry
    assert entry.steps.count() == 1


def test_done_writes_entry_and_step_or_neither(ada):
    with pytest.raises(ValueError, match="nonsense"):
        record.done(actor=ada, action="class.start", outcome="nonsense")
    assert not Entry.objects.exists()


def test_actor_is_empty_if_nobody_is_signed_in(db):
    assert record.done(actor=None, action="account.sign_in_failed").actor_name == ""
    with pytest.raises(ValueError, match="AnonymousUser"):
        record.done(actor=AnonymousUser(), action="account.sign_in_failed")


def _change(row):
    row.action = "class.end"
    row.kind = "failed"
    return row


CHANGES = {
    "save": lambda row: _change(row).save(),
    "save of a twin with its key": lambda row: type(row)(pk=row.pk, **_other(row)).save(),
    "save of chosen columns": lambda row: _change(row).save(update_fields=[_column(row)]),
    "save that forces an update": lambda row: _change(row).save(force_update=True),
    "delete": lambda row: row.delete(),
    "update by queryset": lambda row: type(row).objects.update(**{_column(row): "failed"}),
    "update of a filtered queryset": lambda row: (
        type(row).objects.filter(pk=row.pk).update(**{_column(row): "failed"})
    ),
    "delete by queryset": lambda row: type(row).objects.all().delete(),
    "delete of a filtered queryset": lambda row: type(row).objects.filter(pk=row.pk).delete(),
    "bulk update": lambda row: type(row).objects.bulk_update([_change(row)], [_column(row)]),
    "upsert": lambda row: type(row).objects.bulk_create(
        [type(row)(pk=row.pk, **_other(row))],
        update_conflicts=True,
        update_fields=[_column(row)],
        unique_fields=["id"],
    ),
    "update or create": lambda row: type(row).objects.update_or_create(
        pk=row.pk, defaults={_column(row): "failed"}
    ),
}


def _column(row) -> str:
    return "action" if isinstance(row, Entry) else "kind"


def _other(row) -> dict:
    return {"action": "class.end"} if isinstance(row, Entry) else {"entry": row.entry, "kind": "failed"}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("which", ["entry", "step"])
def test_audit_records_can_not_be_changed(entry, which, change):
    row = entry if which == "entry" else entry.steps.get()
    before = list(Entry.objects.values()), list(Step.objects.values())
    with transaction.atomic(), pytest.raises((RecordIsFinal, IntegrityError)), transaction.atomic():
        change(row)
    assert (list(Entry.objects.values()), list(Step.objects.values())) == before


def test_steps_can_not_be_changed_through_their_entry(entry):
    for change in (lambda: entry.steps.all().delete(), lambda: entry.steps.update(kind="failed")):
        with pytest.raises(RecordIsFinal):
            change()
    assert entry.steps.get().kind == "done"


def test_people_with_entries_can_not_be_deleted(ada, entry):
    with pytest.raises(ProtectedError):
        ada.delete()
    assert Entry.objects.get() == entry
