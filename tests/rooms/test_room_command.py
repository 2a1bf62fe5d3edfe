"""``manage.py room``: the JSON that scripts use, and the text output."""

import json
import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common.clock import iso
from classroom_admin.rooms.management.commands.room import room_as_json
from classroom_admin.rooms.models import (
    ChatMessage,
    Gap,
    Participant,
    Poll,
    Quiz,
    Recording,
    Resource,
    Role,
    Room,
)
from tests import quick_python
from tests.stepped_clock import SteppedClock, use

NINE = datetime(2026, 9, 1, 9, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def room(db):
    return Room.objects.create(
        room_uuid="maths 7b",
        name="Maths — 7b",
        state=1,
        started_at=NINE,
        last_sequence=41,
        event_count=39,
    )


def fill(room):
    Participant.objects.create(
        room=room,
        user_uuid="t",
        name="Grace",
        role=Role.TEACHER,
        online=True,
        on_stage=True,
        camera_on=True,
        sharing_screen=True,
    )
    Participant.objects.create(
        room=room, user_uuid="ada", name="Ada", role=Role.STUDENT, rewards=2, chat_muted=True
    )
    Participant.objects.create(room=room, user_uuid="x", online=True, hand_raised=True)
    Gap.objects.create(room=room, stream="room", first=12, last=13)
    Gap.objects.create(room=room, stream="room", first=4, last=4)
    Gap.objects.create(room=room, stream="poll", first=1, last=1)
    Recording.objects.create(room=room, record_id="r1", state="recording", started_sequence=9)
    Resource.objects.create(room=room, resource_uuid="f1", name="F", converted_percent=40)
    Resource.objects.create(room=room, resource_uuid="f2", name="Gone", removed_at=NINE)
    ChatMessage.objects.create(room=room, sequence=1, text="hi", sent_at=NINE)
    ChatMessage.objects.create(room=room, sequence=2, kind="custom", text="{}", sent_at=NINE)
    Quiz.objects.create(room=room, quiz_id="q")
    Poll.objects.create(room=room, poll_id="p1")
    Poll.objects.create(room=room, poll_id="p2")
    entry = record(
        actor=None, action="participant.remove", room_uuid=room.room_uuid, target="ada", params={"ban_s": 600}
    )
    add_step(entry, Step.Kind.ACCEPTED)


def person(user_uuid, name, role, **more):
    return {
        "user_uuid": user_uuid,
        "name": name,
        "role": role,
        "online": False,
        "on_stage": False,
        "hand_raised": False,
        "chat_muted": False,
        "camera_on": False,
        "microphone_on": False,
        "sharing_screen": False,
        "rewards": 0,
        "kicked_until": None,
        **more,
    }


def test_json_has_the_documented_shape(room, capsys):
    with use(SteppedClock(NINE)):
        fill(room)
        call_command("room", "maths 7b", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "room_uuid": "maths 7b",
        "state": "started",
        "name": "Maths — 7b",
        "started_at": "2026-09-01T09:00:00.250000Z",
        "ended_at": None,
        "last_sequence": 41,
        "gaps": [[4, 4], [12, 13]],
        "chat_muted": False,
        "participants": [
            person("t", "Grace", "teacher", online=True, on_stage=True, camera_on=True, sharing_screen=True),
            person(
                "ada",
                "Ada",
                "student",
                rewards=2,
                chat_muted=True,
                kicked_until="2026-09-01T09:10:00.250000Z",
            ),
            person("x", "", "unknown", online=True, hand_raised=True),
        ],
        "recording": {"state": "recording", "record_id": "r1"},
        "resources": [{"resource_uuid": "f1", "name": "F", "converted_percent": 40}],
        "chat_messages": 1,
        "quizzes": 1,
        "polls": 2,
        "events": 39,
    }


@pytest.mark.parametrize(
    ("state", "profile_state", "shown"),
    [
        (None, None, None),
        (None, 0, "not_started"),
        (0, None, "not_started"),
        (1, 0, "started"),
        (2, 1, "ended"),
        (3, 1, "closed"),
    ],
)
def test_state_has_a_name(room, state, profile_state, shown):
    room.state, room.profile_state = state, profile_state
    assert room_as_json(room)["state"] == shown


def test_empty_room_has_empty_lists(db):
    known = room_as_json(Room.objects.create(room_uuid="r"))
    assert known["recording"] is None
    assert known["participants"] == known["gaps"] == known["resources"] == []


def test_query_count_is_constant(room):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            room_as_json(room)
        return len(captured)

    fill(room)
    few = queries()
    for number in range(30):
        Participant.objects.create(room=room, user_uuid=f"p{number}")
        Resource.objects.create(room=room, resource_uuid=f"r{number}")
    assert queries() == few <= 14


def test_times_are_utc():
    assert iso(datetime(2026, 9, 1, 11, 0, tzinfo=timezone(timedelta(hours=2)))) == "2026-09-01T09:00:00Z"
    assert iso(None) is None


def test_text_output_lists_facts_and_people(room, capsys):
    fill(room)
    call_command("room", "maths 7b")
    shown = capsys.readouterr().out
    for words in (
        "Maths — 7b (maths 7b)",
        "started",
        "4 to 4, 12 to 13",
        "2 present, 3 in total",
        "Grace, teacher: present, on stage",
        "x, unknown: present, hand raised",
        "banned until",
    ):
        assert words in shown


def test_unknown_room_fails(db, capsys):
    with pytest.raises(CommandError, match="No room 'nothing' is known") as refused:
        call_command("room", "nothing", "--json")
    assert refused.value.returncode == 1


@pytest.mark.django_db(transaction=True)
def test_command_runs_as_a_script():
    """Run the real command on the test's database. Return exit status and both streams."""
    Room.objects.create(room_uuid="maths", name="Ω")
    database = connection.settings_dict["NAME"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AGORA_")},
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "DATA_DIR": str(settings.DATA_DIR),
        "DATABASE_URL": f"sqlite:///{database}"
        if connection.vendor == "sqlite"
        else os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{database}",
    }

    def run(room_uuid):
        return quick_python.run("manage.py", "room", room_uuid, "--json", env=environment)

    known = run("maths")
    assert known.returncode == 0, known.stderr
    assert json.loads(known.stdout)["name"] == "Ω"
    unknown = run("nothing")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "No room 'nothing' is known" in unknown.stderr
