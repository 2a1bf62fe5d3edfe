"""Retention deletes the oldest part of the audit log, and leaves a checkpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from classroom_admin.audit import chain, record
from classroom_admin.audit.models import Checkpoint, Claim, Entry, Permission, Step
from classroom_admin.audit.retention import ACTION, count_before, delete_before
from classroom_admin.audit.verification import verify
from tests.append_only import attack, refused
from tests.stepped_clock import SteppedClock, use

START = datetime(2026, 1, 1, 8, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def days() -> list[Entry]:
    """One entry a day for ten days."""
    made = []
    with use(SteppedClock(START)) as time:
        for number in range(10):
            made.append(record.done(actor=None, action="class.start", target=f"day-{number}"))
            time.step(24 * 3600)
    chain.link_new()
    return made


def targets() -> list[str]:
    return list(Entry.objects.exclude(action=ACTION).order_by("id").values_list("target", flat=True))


def test_only_the_oldest_entries_are_deleted(days):
    moment = START + timedelta(days=4)
    assert count_before(moment) == 4
    assert delete_before(moment) == 4
    assert targets() == [f"day-{number}" for number in range(4, 10)]
    assert Step.objects.filter(entry__target="day-4").exists()
    chain.link_new()
    report = verify()
    assert (report.problem, report.first, report.last, report.records) == (None, 9, 22, 14)
    assert Entry.objects.get(action=ACTION).params == {"entries": 4, "until": moment.isoformat()}
    assert not Permission.objects.exists()


def test_nothing_old_changes_nothing(days):
    assert delete_before(START) == 0
    assert not Checkpoint.objects.exists()
    assert len(targets()) == 10


def test_everything_can_be_old(days):
    assert delete_before(START + timedelta(days=99)) == 10
    assert targets() == []
    chain.link_new()
    assert verify().is_valid


def test_retention_can_run_every_night(days):
    for day in range(1, 6):
        assert delete_before(START + timedelta(days=day)) == 1
        chain.link_new()
        assert verify().is_valid
    assert len(targets()) == 5


def test_entry_with_a_later_step_stays_with_all_that_follow(days):
    with use(SteppedClock(START + timedelta(days=20))):
        record.add_step(days[2], "confirmed")
    assert delete_before(START + timedelta(days=5)) == 2
    assert targets()[0] == "day-2"
    assert verify().is_valid


def test_rows_that_refer_to_deleted_entries_are_released(days):
    Claim.objects.create(dedupe_key="a", entry=days[0], expires_at=START)
    kept = Claim.objects.create(dedupe_key="b", entry=days[9], expires_at=START)
    assert delete_before(START + timedelta(days=3)) == 3
    assert list(Claim.objects.all()) == [kept]


def test_remaining_entries_are_still_protected(days):
    delete_before(START + timedelta(days=3))
    refused("DELETE FROM audit_step")
    attack("UPDATE audit_entry SET action = 'x' WHERE id = %s", [days[3].pk])
    assert str(verify().problem) == f"entry {days[3].pk} (link 7) was changed"


def test_more_than_the_checkpoint_says_can_not_be_removed(days):
    delete_before(START + timedelta(days=3))
    chain.link_new()
    attack("DELETE FROM audit_link WHERE number in (7, 8)")
    assert str(verify().problem) == "link 7 is missing"


def test_permission_without_a_checkpoint_allows_no_deletion(days):
    Permission.objects.create(kind=Permission.Kind.RETENTION, up_to=4)
    refused("DELETE FROM audit_step")


def test_entries_are_deleted_with_the_records_of_their_erasure(days):
    from classroom_admin.audit.personal import erase

    assert erase({"day-1", "day-8"}) == 2
    chain.link_new()
    assert delete_before(START + timedelta(days=5)) == 5
    chain.link_new()
    assert verify().is_valid
