"""`/metrics`: who may read it, and what the database says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.common import clock
from classroom_admin.common.version import version
from classroom_admin.operations.observers import in_words
from classroom_admin.rooms import alert_kinds
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync.models import Lease, Quarantine, RoomCursor, SequenceGap
from tests.school import School

TOKEN = "a-token-for-prometheus-0123456789"


@pytest.fixture
def with_metrics(settings: Any, tmp_path: Path) -> Any:
    settings.METRICS_FOLDER = tmp_path / "metrics"
    return settings


@pytest.mark.parametrize(
    ("token", "networks", "sent", "address", "status"),
    [
        ("", (), "", "127.0.0.1", 404),
        ("", (), f"Bearer {TOKEN}", "127.0.0.1", 404),
        (TOKEN, (), "", "127.0.0.1", 401),
        (TOKEN, (), f"Bearer {TOKEN}", "203.0.113.9", 200),
        (TOKEN, (), f"bearer {TOKEN}", "203.0.113.9", 200),
        (TOKEN, (), f"Basic {TOKEN}", "203.0.113.9", 401),
        (TOKEN, (), "Bearer ", "203.0.113.9", 401),
        (TOKEN, (), f"Bearer {TOKEN}x", "203.0.113.9", 401),
        (TOKEN, (), "Bearer ünïcode", "203.0.113.9", 401),
        ("", ("10.0.0.0/8",), "", "10.1.2.3", 200),
        ("", ("10.0.0.0/8",), "", "11.1.2.3", 404),
        ("", ("10.0.0.0/8",), "Bearer ", "11.1.2.3", 404),
        ("", ("fd00::/8",), "", "fd00::7", 200),
        ("", ("10.0.0.0/8",), "", "::ffff:10.1.2.3", 200),
        ("", ("10.0.0.0/8",), "", "", 404),
        (TOKEN, ("10.0.0.0/8",), "", "10.1.2.3", 200),
        (TOKEN, ("10.0.0.0/8",), "", "11.1.2.3", 401),
    ],
)
@pytest.mark.django_db
def test_only_the_token_or_the_network_opens_metrics(
    with_metrics: Any, token: str, networks: tuple[str, ...], sent: str, address: str, status: int
) -> None:
    with_metrics.METRICS_TOKEN, with_metrics.METRICS_NETWORKS = token, networks
    if not (token or networks):
        with_metrics.METRICS_FOLDER = None
    answer = Client().get("/metrics", headers={"Authorization": sent}, REMOTE_ADDR=address)
    assert answer.status_code == status
    assert answer["Cache-Control"] == "no-store"
    assert ("classroom_admin_" in answer.content.decode()) is (status == 200)
    assert TOKEN not in answer.content.decode()


@pytest.fixture
def scraped(with_metrics: Any) -> Any:
    """Return a function that returns all samples, by name and labels."""
    with_metrics.METRICS_TOKEN = TOKEN

    def scrape() -> dict[tuple[str, ...], float]:
        answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=")
        return {
            (sample.name.removeprefix("classroom_admin_"), *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(answer.content.decode())
            for sample in family.samples
        }

    return scrape


@pytest.mark.django_db
def test_new_installation_has_nothing_but_zeros(scraped: Any) -> None:
    found = scraped()
    assert found.pop(("info", version())) == 1
    assert found.pop(("database_up",)) == 1
    assert found.pop(("disk_free_bytes",)) <= found.pop(("disk_size_bytes",))
    assert ("poll_age_seconds",) not in found, "it was never polled"
    assert set(found.values()) == {0}


def test_database_is_counted_when_prometheus_asks(school: School, scraped: Any, settings: Any) -> None:
    now = clock.now()
    Lease.objects.update_or_create(
        app_id=settings.AGORA.app_id, defaults={"last_good_at": now - timedelta(seconds=100), "failures": 4}
    )
    room = school.room
    Room.objects.filter(pk=room.pk).update(
        state=RoomState.STARTED, people_online=9, teachers_online=0, students_online=7
    )
    RoomCursor.objects.filter(room=room).delete()
    RoomCursor.objects.create(room=room, stream="room", project_due_at=now - timedelta(seconds=50))
    SequenceGap.objects.filter(room=room).delete()
    for number, state in enumerate(("open", "gap", "gap")):
        SequenceGap.objects.create(
            room=room, stream="room", first=900 + number, last=900, state=state, found_at=now
        )
    Quarantine.objects.all().delete()
    Quarantine.objects.create(raw="{", reason="no JSON")
    for kind, seconds in (("removal", 30), ("removal", 70), ("bulk", -60)):
        at = now - timedelta(seconds=seconds)
        ScheduledCommand.objects.create(
            kind=kind, by=school.administrator, room=room, key=str(seconds), due_at=at, claimable_at=at
        )
    found = scraped()
    assert 100 <= found[("poll_age_seconds",)] < 160
    assert found[("poll_failures",)] == 4
    assert found[("backlog",)] == 1
    assert 50 <= found[("backlog_age_seconds",)] < 110
    assert [found["sequence_gaps", state] for state in ("open", "gap", "void")] == [1, 2, 0]
    assert found[("quarantine",)] == 1
    assert found["scheduled_commands", "removal", "waiting"] == 2
    assert found["scheduled_commands", "bulk", "waiting"] == 1
    assert 70 <= found["overdue_command_seconds", "removal"] < 130
    assert found["overdue_command_seconds", "bulk"] == 0, "it is due later"
    assert found[("live_classes",)] >= 1
    live = Room.objects.filter(state=RoomState.STARTED, parent=None)
    assert found["people_present", "student"] == sum(live.values_list("students_online", flat=True))
    assert found["people_present", "teacher"] == sum(live.values_list("teachers_online", flat=True))
    assert found["people_present", "other"] >= 2
    assert found["alerts", alert_kinds.NO_TEACHER] >= 1


@pytest.mark.django_db
def test_database_that_fails_leaves_the_metrics_of_the_machine(scraped: Any) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(fail):
        found = scraped()
    assert found[("database_up",)] == 0
    assert ("disk_free_bytes",) in found
    assert ("live_classes",) not in found


def test_kind_of_error_is_a_label_in_lower_case() -> None:
    assert in_words("RateLimited") == "rate_limited"
    assert in_words("Unauthorized") == "unauthorized"
