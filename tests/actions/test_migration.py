"""Rows of the four queues of earlier releases are in the one queue after the migration, in every state.

`tests/upgrade/test_upgrade.py` checks the same for the rows of a database of version 0.1.0.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from classroom_admin.accounts.models import User
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.audit.record import done
from classroom_admin.rooms.models import Room
from tests import migrating
from tests.migrating import EachMigration, migrate_to_newest

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("actions", "0005_reasons_as_sentences")]
AT = datetime(2026, 9, 7, 7, 30, tzinfo=UTC)
LEASE = timedelta(seconds=90)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def earlier(people: dict[str, Any]) -> Iterator[Any]:
    """The models of the release before, on its tables."""
    executor = migrating.executor()
    executor.migrate(BEFORE)
    yield executor.loader.project_state(BEFORE).apps
    migrate_to_newest()


@pytest.fixture
def people() -> dict[str, Any]:
    user = User.objects.create_user("teacher@school.test", "x", role=User.Role.TEACHER, name="Tea")
    room = Room.objects.create(room_uuid="maths", name="Maths")
    entries = [done(actor=user, action="resource.hold_delete", room_uuid="maths") for _ in range(5)]
    rooms = {
        state: Room.objects.create(room_uuid=state)
        for state in ("waiting", "running", "done", "skipped", "failed")
    }
    return {"user": user, "room": room, "rooms": rooms, "entries": entries}


def rows(kind: str, *names: str) -> list[tuple[Any, ...]]:
    return list(ScheduledCommand.objects.filter(kind=kind).order_by("pk").values_list(*names))


def removals_keep_their_ids(earlier: Any, people: dict[str, Any]) -> Iterator[None]:
    removal = earlier.get_model("actions", "PlannedRemoval")
    taken = {"taken_at": AT + MINUTE}
    states: dict[str, dict[str, Any]] = {
        "waiting": {}, "taken": taken, "done": taken | {"entry_id": people["entries"][0].pk},
        "called_off": {}, "not_done": taken,
    }  # fmt: skip
    for number, (state, more) in enumerate(states.items()):
        removal.objects.create(
            pk=70 + number, state=state, room_id=people["room"].pk, by_id=people["user"].pk,
            user_uuid=f"pupil {number}", name="Ada", span={"duration_s": 600}, reason="Noise",
            planned_at=AT, due_at=AT + number * MINUTE, **more,
        )  # fmt: skip
    yield
    assert rows("removal", "pk", "state", "key", "due_at", "claimable_at", "attempts") == [
        (70, "waiting", "pupil 0", AT, AT, 0),
        (71, "claimed", "pupil 1", AT + MINUTE, AT + MINUTE + LEASE, 1),
        (72, "done", "pupil 2", AT + 2 * MINUTE, None, 1),
        (73, "cancelled", "pupil 3", AT + 3 * MINUTE, None, 0),
        (74, "failed", "pupil 4", AT + 4 * MINUTE, None, 1),
    ]
    assert set(rows("removal", "by", "room", "created_at")) == {(people["user"].pk, people["room"].pk, AT)}
    payload = {"name": "Ada", "span": {"duration_s": 600}, "reason": "Noise"}
    assert rows("removal", "payload") == [(payload,)] * 5
    entry = people["entries"][0].pk
    assert [pk for (pk,) in rows("removal", "entry")] == [None, None, entry, None, None]
    new = ScheduledCommand.objects.create(kind="bulk", by=people["user"], key="1", due_at=AT)
    assert new.pk > 74
    new.delete()


def deletions_are_copied(earlier: Any, people: dict[str, Any]) -> Iterator[None]:
    held = earlier.get_model("actions", "HeldDeletion")
    for number, state in enumerate(("held", "undone", "sending", "sent")):
        held.objects.create(
            state=state, room_id=people["room"].pk, by_id=people["user"].pk,
            hold_id=people["entries"][number].pk, resource_uuids=["a"], names=["a.pdf"], due_at=AT,
            taken_at=AT + MINUTE if number else None,
        )  # fmt: skip
    yield
    holds = [entry.pk for entry in people["entries"]]
    assert rows("deletion", "state", "entry", "claimable_at", "due_at") == [
        ("waiting", holds[0], AT, AT),
        ("cancelled", holds[1], None, AT),
        ("claimed", holds[2], AT + MINUTE + LEASE, AT),
        ("done", holds[3], None, AT),
    ]
    assert rows("deletion", "payload")[0] == ({"resource_uuids": ["a"], "names": ["a.pdf"]},)


def items_of_bulk_actions(earlier: Any, people: dict[str, Any]) -> Iterator[None]:
    run = earlier.get_model("actions", "BulkRun").objects.create(
        token="t", key="k", what="end", by_id=people["user"].pk, made_at=AT
    )
    item = earlier.get_model("actions", "BulkItem")
    states: dict[str, dict[str, Any]] = {
        "waiting": {}, "running": {"claimed_at": AT + MINUTE, "tries": 2},
        "done": {"entry_id": people["entries"][0].pk, "tries": 1}, "skipped": {"skip": "ended"},
        "failed": {"reason": "It is late.", "says": {"pattern": "It is late.", "values": {}}, "tries": 1},
    }  # fmt: skip
    for state, more in states.items():
        room = people["rooms"][state]
        item.objects.create(run_id=run.pk, room_id=room.pk, state=state, changed_at=AT + MINUTE, **more)
    yield
    names = ("state", "room__room_uuid", "position", "claimable_at", "attempts", "payload")
    assert rows("bulk", *names) == [
        ("waiting", "waiting", 0, AT, 0, {}),
        ("claimed", "running", 1, AT + MINUTE + LEASE, 2, {}),
        ("done", "done", 2, None, 1, {}),
        ("cancelled", "skipped", 3, None, 0, {"skip": "ended"}),
        ("failed", "failed", 4, None, 1, {}),
    ]
    assert set(rows("bulk", "run", "by", "key", "changed_at", "created_at")) == {
        (run.pk, people["user"].pk, str(run.pk), AT + MINUTE, AT)
    }
    failed = ScheduledCommand.objects.get(kind="bulk", state="failed")
    assert failed.problem == {
        "sentence": "It is late.",
        "says": {"pattern": "It is late.", "values": {}},
    }
    assert failed.why == "It is late."
    assert ScheduledCommand.objects.get(kind="bulk", state="done").entry == people["entries"][0]


def planned_classes(earlier: Any, people: dict[str, Any]) -> Iterator[None]:
    series = earlier.get_model("actions", "Series").objects.create(
        key="s", request_id="r", name="Latin", zone="UTC", created_by_id=people["user"].pk, created_at=AT
    )
    planned = earlier.get_model("actions", "PlannedClass")
    states: dict[str, dict[str, Any]] = {
        "waiting": {"due_at": AT}, "making": {"claimed_until": AT + MINUTE, "due_at": AT, "tries": 1},
        "made": {"made_at": AT + MINUTE, "tries": 1}, "failed": {"reason": "No.", "tries": 3},
        "cancelled": {},
    }  # fmt: skip
    starts_at = AT + timedelta(days=9)
    for number, (state, more) in enumerate(states.items()):
        planned.objects.create(
            series_id=series.pk, state=state, room_uuid=f"room {number}", starts_at=starts_at, **more
        )
    planned.objects.create(
        series_id=series.pk, state="failed", room_uuid="again", starts_at=starts_at, due_at=AT + 2 * MINUTE
    )
    yield
    assert rows("class", "state", "key", "position", "claimable_at", "attempts", "problem") == [
        ("waiting", "room 0", 0, AT, 0, None),
        ("claimed", "room 1", 1, AT + MINUTE, 1, None),
        ("done", "room 2", 2, None, 1, None),
        ("failed", "room 3", 3, None, 3, {"sentence": "No.", "says": None}),
        ("cancelled", "room 4", 4, None, 0, None),
        ("failed", "again", 5, AT + 2 * MINUTE, 0, None),
    ]
    assert set(rows("class", "series", "by", "starts_at", "created_at")) == {
        (series.pk, people["user"].pk, starts_at, AT)
    }


KINDS = (removals_keep_their_ids, deletions_are_copied, items_of_bulk_actions, planned_classes)


@pytest.mark.long
def test_rows_of_all_four_queues(earlier: Any, people: dict[str, Any], subtests: pytest.Subtests) -> None:
    """Each kind writes the rows of the release before, and checks them after the migration."""
    kinds = {kind.__name__: kind(earlier, people) for kind in KINDS}
    for kind in kinds.values():
        next(kind)
    migrate_to_newest()
    for name, kind in kinds.items():
        with subtests.test(name), pytest.raises(StopIteration):
            next(kind)


def test_the_way_back_is_refused_while_there_are_rows() -> None:
    user = User.objects.create_user("teacher@school.test", "x", role=User.Role.TEACHER, name="Tea")
    ScheduledCommand.objects.create(kind="bulk", by=user, key="1", due_at=AT)
    [copying] = EachMigration(None).disk_migrations["actions", "0007_copy_queues"].operations
    with pytest.raises(RuntimeError, match="backup"):
        copying.reverse_code(apps, None)  # type: ignore[attr-defined]
