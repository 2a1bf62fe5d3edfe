"""Personal data is erased from the audit log, and the chain stays valid."""

from __future__ import annotations

import pytest
from django.db import connection

from classroom_admin.accounts.models import User
from classroom_admin.audit import chain, record
from classroom_admin.audit.erasures import ACTION
from classroom_admin.audit.models import Entry, Permission, Step
from classroom_admin.audit.personal import erase
from classroom_admin.audit.verification import verify
from classroom_admin.common.erased import ERASED
from classroom_admin.common.request_context import Origin, _current
from tests.append_only import attack


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada@school.test", name="Ada Lovelace", role="teacher")


@pytest.fixture
def removal(ada: User) -> Entry:
    """Ada removed the student Zoë King, whose user id is `zk-77`."""
    token = _current.set(Origin("192.0.2.7", "Firefox", "abc"))
    entry = record.done(
        actor=ada,
        action="participant.remove",
        room_uuid="maths",
        target="zk-77",
        target_name="Zoë King",
        params={"ban_s": 600, "reason": "ZOË KING shouted", "users": ["zk-77", "other"], "by": {"zk-77": 1}},
        detail={"message": "user zk-77 left"},
    )
    _current.reset(token)
    record.done(actor=ada, action="participant.remove", target="zk-7", target_name="Zoë Kingsley")
    chain.link_new()
    return entry


def everything() -> str:
    """Return all stored values of the audit log as text."""
    with connection.cursor() as cursor:
        found = []
        for table in ("audit_entry", "audit_step"):
            cursor.execute(f"SELECT * FROM {table}")
            found += cursor.fetchall()
    return str(found).replace("\\\\u00eb", "ë").replace("\\u00eb", "ë").casefold()


def test_student_is_erased_and_the_rest_of_the_entry_stays(removal, ada):
    assert erase({"zk-77"}, names=["Zoë King"], by=ada) == 1
    entry = Entry.objects.get(pk=removal.pk)
    assert (entry.target, entry.target_name, entry.actor_name) == (ERASED, ERASED, "Ada Lovelace")
    assert entry.params == {
        "ban_s": 600,
        "reason": ERASED,  # words about the person
        "users": [ERASED, "other"],
        "by": {ERASED: 1},
    }
    assert entry.steps.get().detail == {"message": f"user {ERASED} left"}
    assert "zk-77" not in everything()
    assert "zoë king'" not in everything()
    assert "zoë kingsley" in everything(), "the name of another person"
    assert verify().is_valid
    chain.link_new()
    assert verify().is_valid
    told = Entry.objects.filter(action=ACTION)
    assert {one.actor for one in told} == {ada}
    assert not Permission.objects.exists()


def test_second_erasure_finds_nothing(removal):
    assert erase({"zk-77"}, names=["Zoë King"]) == 1
    told = Entry.objects.count()
    assert erase({"zk-77"}, names=["Zoë King"]) == 0
    assert Entry.objects.count() == told


def test_account_is_erased_from_its_own_entries(removal, ada):
    record.done(actor=None, action="account.sign_in_failed", target="ada@school.test", outcome="failed")
    assert erase(set(), account=ada, emails=["ADA@school.test"], names=["Ada Lovelace"]) == 3
    entry = Entry.objects.get(pk=removal.pk)
    assert (entry.actor, entry.actor_name, entry.address, entry.agent) == (ada, ERASED, "", "")
    assert entry.target == "zk-77"
    for left in ("ada@school.test", "ada lovelace", "192.0.2.7", "firefox"):
        assert left not in everything()
    assert verify().is_valid


def test_two_erasures_of_one_entry_are_valid(removal, ada):
    assert erase({"zk-77"}) == 1
    assert erase({"other"}) == 1
    assert erase(set(), account=ada) == 2
    assert Entry.objects.get(pk=removal.pk).params["users"] == [ERASED, ERASED]
    assert verify().is_valid


def test_records_that_are_not_linked_yet_can_be_erased(removal):
    record.done(actor=None, action="participant.remove", target="zk-77")
    assert erase({"zk-77"}) == 2
    assert verify().is_valid
    while chain.link_new():
        pass
    assert (verify().is_valid, verify().unlinked) == (True, 0)


def test_change_after_an_erasure_is_found(removal):
    erase({"zk-77"})
    chain.link_new()
    attack("UPDATE audit_entry SET target = 'someone' WHERE id = %s", [removal.pk])
    assert str(verify().problem) == f"entry {removal.pk} (link 1) was changed"


def test_erased_values_without_a_recorded_erasure_are_found(removal):
    attack("UPDATE audit_entry SET target = %s, subject_salt = '' WHERE id = %s", [ERASED, removal.pk])
    assert str(verify().problem) == f"entry {removal.pk} (link 1) was changed"


def test_forged_erasure_does_not_hide_a_change(removal):
    erase({"zk-77"})
    chain.link_new()
    for told in Entry.objects.filter(action=ACTION):
        params = str(told.params).replace("'", '"').replace(str(removal.pk), str(removal.pk + 1))
        attack("UPDATE audit_entry SET params = %s WHERE id = %s", [params, told.pk])
    assert not verify().is_valid


def test_short_ids_are_replaced_only_as_whole_values(ada):
    entry = record.done(
        actor=ada, action="class.start", target="7", params={"length": "7 days", "ids": ["7", "77"], "n": 7}
    )
    assert erase({"7"}) == 1
    entry = Entry.objects.get(pk=entry.pk)
    assert (entry.target, entry.params) == (ERASED, {"length": "7 days", "ids": [ERASED, "77"], "n": 7})


def test_nothing_is_erased_without_identifiers(removal):
    assert erase(set()) == 0
    assert erase({""}, emails=[""], names=[" "]) == 0
    assert Step.objects.count() == 2
