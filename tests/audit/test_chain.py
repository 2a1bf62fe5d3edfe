"""The chain of the audit log shows each change, removal and insertion."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from classroom_admin.audit import chain, record, triggers, verification
from classroom_admin.audit.models import Checkpoint, Entry, Link, Permission, Step
from classroom_admin.audit.verification import Problem, verify
from tests.append_only import attack, refused, without_triggers

pytestmark = pytest.mark.usefixtures("db")


def add(count: int = 6) -> list[Entry]:
    """Add entries with one step each, and link them: entry 1, its step, entry 2, its step, and so on."""
    made = []
    for number in range(count):
        params = {"10": number, "9": [1.0, 1e22, "ü"]}
        made.append(record.done(actor=None, action="class.start", target=f"pupil-{number}", params=params))
        while chain.link_new():
            pass
    return made


def problem() -> str:
    return str(verify().problem)


def test_untouched_records_are_valid():
    add()
    report = verify()
    assert (report.problem, report.records, report.first, report.last) == (None, 12, 1, 12)
    assert (report.unlinked, report.warnings) == (0, [])


def test_empty_audit_log_is_valid():
    report = verify()
    assert (report.is_valid, report.records, report.unlinked) == (True, 0, 0)


def test_new_records_are_counted_until_they_are_linked():
    add(2)
    record.done(actor=None, action="class.end")
    assert (verify().unlinked, verify().records) == (2, 4)
    assert chain.link_new() == 2
    assert (verify().unlinked, verify().records) == (0, 6)
    assert chain.link_new() == 0


CHANGES = {
    "action of an entry": ("UPDATE audit_entry SET action = 'class.end' WHERE id = {third}", "entry {third}"),
    "time of an entry": ("UPDATE audit_entry SET at = '2020-01-01' WHERE id = {third}", "entry {third}"),
    "name of an actor": ("UPDATE audit_entry SET actor_name = 'Eve' WHERE id = {third}", "entry {third}"),
    "parameters": ("""UPDATE audit_entry SET params = '{{"9": 1}}' WHERE id = {third}""", "entry {third}"),
    "target": ("UPDATE audit_entry SET target = 'eve' WHERE id = {third}", "entry {third}"),
    "salt": ("UPDATE audit_entry SET subject_salt = 'a' WHERE id = {third}", "entry {third}"),
    "address": ("UPDATE audit_entry SET address = '192.0.2.1' WHERE id = {third}", "entry {third}"),
    "outcome": ("UPDATE audit_step SET kind = 'failed' WHERE id = {step}", "step {step}"),
    "entry of a step": ("UPDATE audit_step SET entry_id = {first} WHERE id = {step}", "step {step}"),
    "signature": ("UPDATE audit_entry SET tag = 'a' WHERE id = {third}", "entry {third}"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_verification_names_the_changed_record(name):
    made = add()
    sql, row = CHANGES[name]
    places = {"first": made[0].pk, "third": made[2].pk, "step": made[2].steps.get().pk}
    attack(sql.format(**places))
    number = 5 if row.startswith("entry") else 6
    assert problem() == f"{row.format(**places)} (link {number}) was changed"


def test_verification_names_the_first_of_several_problems():
    made = add()
    attack("UPDATE audit_entry SET action = 'x' WHERE id >= %s", [made[3].pk])
    attack("UPDATE audit_step SET kind = 'failed' WHERE entry_id = %s", [made[1].pk])
    assert problem() == f"step {made[1].steps.get().pk} (link 4) was changed"


@pytest.mark.skipif(django_settings.DATABASES["default"]["ENGINE"].endswith("postgresql"), reason="SQLite")
def test_removed_entry_is_named_even_without_foreign_keys():
    made = add()
    with connection.cursor() as cursor, without_triggers():
        cursor.execute("PRAGMA defer_foreign_keys = ON")
        cursor.execute("DELETE FROM audit_step WHERE entry_id = %s", [made[2].pk])
        cursor.execute("DELETE FROM audit_entry WHERE id = %s", [made[2].pk])
        assert problem() == f"entry {made[2].pk} (link 5) is missing"
        cursor.execute("DELETE FROM audit_link WHERE number in (5, 6)")
    assert problem() == "link 5 is missing"


def test_removed_records_are_named_even_if_the_rest_is_renumbered():
    made = add()
    attack("DELETE FROM audit_link WHERE number in (5, 6)")
    attack("DELETE FROM audit_step WHERE entry_id = %s", [made[2].pk])
    attack("DELETE FROM audit_entry WHERE id = %s", [made[2].pk])
    assert problem() == "link 5 is missing"
    for number in range(7, 13):
        attack("UPDATE audit_link SET number = number - 2 WHERE number = %s", [number])
    assert problem() == f"entry {made[3].pk} (link 5) is not at its place"


def test_removed_end_is_named_by_the_file_in_the_data_folder():
    made = add()
    chain.keep_outside(chain.head())
    attack("DELETE FROM audit_link WHERE number in (11, 12)")
    attack("DELETE FROM audit_step WHERE entry_id = %s", [made[5].pk])
    attack("DELETE FROM audit_entry WHERE id = %s", [made[5].pk])
    try:
        assert problem() == "link 11 is missing"
        call_command("audit", "accept", "--reason", "restored the backup of Monday")
        assert verify().is_valid
        params = Entry.objects.get(action="audit.accept").params
        assert params == {"first": 11, "last": 12, "reason": "restored the backup of Monday"}
        with pytest.raises(CommandError, match="not missing"):
            call_command("audit", "accept", "--reason", "again")
    finally:
        chain.forget_outside()


def test_removed_end_stays_known_when_new_records_are_linked(django_capture_on_commit_callbacks):
    try:
        with django_capture_on_commit_callbacks(execute=True):
            made = add()
        attack("DELETE FROM audit_link WHERE number in (11, 12)")
        attack("DELETE FROM audit_step WHERE entry_id = %s", [made[5].pk])
        attack("DELETE FROM audit_entry WHERE id = %s", [made[5].pk])
        for _again in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                add(1)
            assert problem() == "link 12 was changed"
        call_command("audit", "accept", "--reason", "restored the backup of Monday")
        assert verify().is_valid
        params = Entry.objects.get(action="audit.accept").params
        assert (params["first"], params["last"]) == (12, 12)
        with django_capture_on_commit_callbacks(execute=True):
            add(1)
        assert chain.kept_outside() == chain.head()
    finally:
        chain.forget_outside()


def test_removed_end_is_named_by_a_checkpoint():
    made = add()
    verification.keep(verify())
    attack("DELETE FROM audit_link WHERE number in (11, 12)")
    attack("DELETE FROM audit_step WHERE entry_id = %s", [made[5].pk])
    attack("DELETE FROM audit_entry WHERE id = %s", [made[5].pk])
    assert problem() == "link 11 is missing"
    attack("UPDATE audit_checkpoint SET number = 10")
    assert problem().startswith("checkpoint ")


def columns(table: str) -> str:
    names = [field.column for field in {"audit_entry": Entry, "audit_step": Step}[table]._meta.fields]
    return ", ".join(name for name in names if name not in ("id", "tag"))


@pytest.mark.parametrize("table", ["audit_entry", "audit_step"])
def test_inserted_record_is_named_and_never_linked(table):
    add()
    with connection.cursor() as cursor:
        names = columns(table)
        cursor.execute(f"INSERT INTO {table} ({names}, tag) SELECT {names}, 'a' FROM {table} WHERE id = "
                       f"(SELECT min(id) FROM {table})")  # fmt: skip
        cursor.execute(f"SELECT max(id) FROM {table}")
        newest = cursor.fetchone()[0]
    assert chain.link_new(everything=True) == 0
    kind = table.removeprefix("audit_")
    assert problem() == f"{kind} {newest} was inserted; the dashboard did not write it"


def test_copy_of_a_record_is_refused():
    add(1)
    names = columns("audit_entry")
    copy = f"INSERT INTO audit_entry ({names}, tag) SELECT {names}, tag FROM audit_entry"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(copy)


def test_exchanged_links_are_named():
    made = add()
    attack("UPDATE audit_link SET entry_id = NULL WHERE number = 5")
    attack("UPDATE audit_link SET entry_id = %s WHERE number = 7", [made[2].pk])
    attack("UPDATE audit_link SET entry_id = %s WHERE number = 5", [made[3].pk])
    assert problem() == f"entry {made[3].pk} (link 5) is not at its place"


def test_exchanged_ids_are_named():
    made = add()
    first, second = made[2].steps.get().pk, made[3].steps.get().pk
    with connection.cursor() as cursor, without_triggers():
        cursor.execute("UPDATE audit_step SET entry_id = -1 - entry_id WHERE id IN (%s, %s)", [first, second])
        cursor.execute(
            "UPDATE audit_step SET entry_id = CASE id WHEN %s THEN %s ELSE %s END WHERE id IN (%s, %s)",
            [first, made[3].pk, made[2].pk, first, second],
        )
        assert problem() == f"step {first} (link 6) was changed"


def test_link_without_a_record_is_named():
    add(2)
    attack("UPDATE audit_link SET step_id = NULL WHERE number = 2")
    assert problem() == "link 2 was changed"


def test_other_key_verifies_nothing_and_an_older_key_still_verifies(settings):
    add(2)
    settings.AUDIT_KEYS, old = ["another key"], settings.AUDIT_KEYS
    assert problem().endswith("was changed")
    settings.AUDIT_KEYS = ["another key", *old]
    add(1)
    assert verify().is_valid


def test_records_committed_late_are_linked():
    add(2)
    late = record.done(actor=None, action="class.end")
    later = record.done(actor=None, action="class.end")
    for kind, row in (("entry", later), ("step", later.steps.get())):
        number, previous = chain.head()
        values = chain.signing.link_values(number + 1, previous, kind, row.pk, row.tag)
        hash_ = chain.signing.sign(values)
        Link.objects.create(number=number + 1, hash=hash_, **{f"{kind}_id": row.pk})
    assert chain.link_new() == 2
    assert Link.objects.order_by("-number").first().step == late.steps.get()
    assert verify().is_valid


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET action = 'class.end'",
        "UPDATE audit_entry SET target = ''",
        "DELETE FROM audit_entry",
        "UPDATE audit_step SET kind = 'failed'",
        "DELETE FROM audit_step",
        "UPDATE audit_link SET hash = ''",
        "DELETE FROM audit_link",
        "UPDATE audit_checkpoint SET number = 0",
        "DELETE FROM audit_checkpoint",
    ],
)
def test_database_refuses_to_change_and_delete(sql):
    add(1)
    verification.keep(verify())
    refused(sql)
    assert verify().is_valid


@pytest.mark.skipif(django_settings.DATABASES["default"]["ENGINE"].endswith("postgresql"), reason="SQLite")
@pytest.mark.parametrize("table", triggers.TABLES)
def test_sqlite_refuses_to_replace(table):
    add(1)
    verification.keep(verify())
    refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.skipif(django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="PostgreSQL")
@pytest.mark.parametrize("table", triggers.TABLES)
def test_postgresql_refuses_to_truncate(table):
    add(1)
    connection.check_constraints()
    refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("kind", Permission.Kind.values)
def test_permission_allows_nothing_but_its_purpose(kind):
    made = add(2)
    Permission.objects.create(kind=kind, up_to=100)
    for sql in (
        f"UPDATE audit_entry SET action = 'class.end' WHERE id = {made[0].pk}",
        f"UPDATE audit_entry SET tag = '' WHERE id = {made[0].pk}",
        "DELETE FROM audit_step",
        "UPDATE audit_link SET hash = ''",
    ):
        refused(sql)
    assert verify().warnings == ["permission_left"]


def test_missing_triggers_are_reported_and_made_again_by_migrate():
    add(1)
    connection.check_constraints()
    triggers.drop(connection)
    assert verify().warnings == ["triggers_missing"]
    call_command("migrate", verbosity=0)
    assert verify().warnings == []


def test_command_prints_the_first_broken_record_and_exits_with_1(capsys):
    made = add(3)
    call_command("audit", "verify")
    assert "intact from link 1 to 6" in capsys.readouterr().out
    call_command("audit", "verify", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found.pop("seconds") >= 0
    assert found == {
        "ok": True, "records": 6, "first": 1, "last": 6, "unlinked": 0, "problem": None, "warnings": [],
    }  # fmt: skip
    attack("UPDATE audit_entry SET action = 'x' WHERE id = %s", [made[1].pk])
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "verify", "--json")
    assert ended.value.code == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["problem"]["kind"], found["problem"]["record"]) == (False, "changed", "entry")
    assert (found["problem"]["id"], found["problem"]["link"]) == (made[1].pk, 3)
    assert Checkpoint.newest(*Checkpoint.Kind.values).problem == f"changed:audit_entry {made[1].pk}"


def test_forged_checkpoint_does_not_shorten_the_chain():
    add(3)
    hash_ = Link.objects.get(number=2).hash
    Checkpoint.objects.bulk_create([Checkpoint(kind="start", number=2, hash=hash_)])
    attack("UPDATE audit_checkpoint SET tag = 'a'")
    attack("DELETE FROM audit_link WHERE number <= 2")
    assert problem() == "link 1 is missing"


def test_problem_has_a_code_for_the_page():
    assert Problem(verification.CHANGED, "entry", 5, 9).code == "changed:audit_entry 5"


@pytest.mark.django_db(transaction=True)
def test_concurrent_linking_links_each_record_once():
    for number in range(40):
        record.done(actor=None, action="class.start", target=str(number))
    begin = threading.Barrier(3)

    def work() -> None:
        begin.wait(30)
        while chain.link_new():
            pass
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)
    while chain.link_new():
        pass
    report = verify()
    assert (report.problem, report.records, report.unlinked) == (None, 80, 0)
    kept = Path(django_settings.DATA_DIR, "audit_chain_end.json")
    assert json.loads(kept.read_text())["number"] == 80


def test_moments_are_the_same_in_every_time_zone():
    at = datetime(2026, 5, 4, 8, 0, 0, 1, tzinfo=UTC)
    Entry.objects.create(action="class.start", at=at)
    chain.link_new()
    assert verify().is_valid
