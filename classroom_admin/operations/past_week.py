"""Fill a demo with the classes of the past week, so that its reports are full from the beginning.

The classes took place on the school days of the last seven days. Their events come from the simulated cloud
and arrive through the normal sync, one class after another. If the demo stops in between, the next start
continues: the simulator repeats a class with exactly the same events. The week is chosen only once.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final
from urllib.error import HTTPError

from django.db import transaction
from django.utils import timezone

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.operations import past_week_notes
from classroom_admin.operations.demo_school import TEACHERS
from classroom_admin.rooms import registry
from classroom_admin.rooms.models import ClassList, ListedPerson, Room, RoomState

PREFIX: Final = "past"
SCHOOL_DAYS: Final = 5
MINUTES: Final = 45
CLOSES_AFTER: Final = timedelta(minutes=10)
KNOWN_BEFORE: Final = timedelta(days=14)
ROOM_TYPE: Final = 4
HTTP_CONFLICT: Final = 409
ARRIVES_WITHIN_S: Final = 60.0
LOOK_EVERY_S: Final = 0.2
REST: Final = 2.0
"""How long to wait between two classes, as a multiple of the time that the last one took to arrive. The
classes that run now need the rest of the machine."""

FIRST: Final = (
    "Ada", "Benedikt", "Chidi", "Dana", "Élodie", "Fatima", "Goran", "Hana", "Ines", "Jamal", "Kofi",
    "Léa", "Mira", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Søren", "Tomás", "Uma", "Viktor",
    "Wren", "Ximena", "Yara", "Zoë",
)  # fmt: skip
LAST: Final = (
    "Abiola", "Becker", "Castro", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ivanova",
    "Jansen", "Kowalski", "Lindqvist", "Moreau", "Nguyễn", "O’Brien", "Petrović", "Quispe", "Rossi",
    "Schröder", "Tanaka", "Usman", "Weiß",
)  # fmt: skip
FORMS: Final = {"7b": 18, "9c": 22, "10a": 15}
"""The number of people on each class list."""
BY_NAME: Final = "10a"
"""The class list that has no user ids."""
WITH_GROUPS: Final = "9c"
UNUSUAL: Final = {
    "7b": "محمد عبد الرحمن الفارسي",
    "9c": "王小明",
    "10a": "Maximiliane Alexandra Theodora von Hohenstein-Bartenstein und zu Wolkenburg",
}
GUEST: Final = ("guest-mia-vogel", "Mia Vogel")

_DAILY: Final = (
    ("8:15", "7b", "Maths", 0),
    ("9:10", "9c", "English", 0),
    ("10:15", "10a", "Physics", 1),
)
_FOURTH: Final = (
    ("11:10", "7b", "Biology", 1),
    ("14:00", "", "Homework help", 0),
    ("11:10", "9c", "Chemistry", 1),
    ("14:00", "", "Chess club", 1),
    ("11:10", "10a", "History", 0),
)
_LOST: Final = (3, 1)
"""The school day and the class of that day with lost events, from minute 20 to 26."""
_TEACHER_NAMES: Final = ("Dr. Miriam Okafor", "Jürgen Weiß")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A class of the past week. `form` is the name of its class list, or ""."""

    room_uuid: str
    name: str
    form: str
    starts_at: datetime
    teacher: int
    is_recorded: bool
    loses_events: bool
    students: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=MINUTES)

    def as_json(self) -> dict[str, Any]:
        """Return the body of the simulator's control call."""
        body: dict[str, Any] = {
            "roomUuid": self.room_uuid,
            "roomName": self.name,
            "startTime": round(self.starts_at.timestamp() * 1000),
            "duration": MINUTES * 60,
            "teacher": {"userUuid": TEACHERS[self.teacher][2], "userName": _TEACHER_NAMES[self.teacher]},
            "students": [{"userUuid": user_uuid, "userName": name} for user_uuid, name in self.students],
            "recorded": self.is_recorded,
        }
        return body | ({"lost": {"from": 20 * 60, "to": 26 * 60}} if self.loses_events else {})


def students_of(form: str) -> list[tuple[str, str]]:
    """Return the user ids and the names of the students of a form."""
    first = sum(number for earlier, number in FORMS.items() if earlier < form)
    found = [
        (f"{form}-{n + 1:02}", f"{FIRST[(first + n) * 7 % len(FIRST)]} {LAST[(first + n) * 5 % len(LAST)]}")
        for n in range(FORMS[form])
    ]
    return [*found[:-1], (found[-1][0], UNUSUAL[form])]


def school_days(today: date) -> list[date]:
    """Return the five school days of the seven days before `today`, the earliest first."""
    days = [today - timedelta(days=back) for back in range(7, 0, -1)]
    return [day for day in days if day.weekday() < SCHOOL_DAYS]


def plan(today: date, zone: tzinfo) -> list[Planned]:
    """Return the 20 classes of the week before `today`, the earliest first. Times are those of `zone`."""
    return list(_plan(today, zone))


def _plan(today: date, zone: tzinfo) -> Iterator[Planned]:
    for index, day in enumerate(school_days(today)):
        for number, (at, form, subject, teacher) in enumerate((*_DAILY, _FOURTH[index])):
            hour, minute = map(int, at.split(":"))
            some = [person for one in FORMS for person in students_of(one)][index * 3 + number :: 4]
            guests = [GUEST] if form and (index + number) % 6 == 1 else []
            yield Planned(
                room_uuid=f"{PREFIX}-{today:%Y%m%d}-{index + 1}{number + 1}",
                name=f"{subject} · {form}" if form else subject,
                form=form,
                starts_at=datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone),
                teacher=teacher,
                is_recorded=(index + number) % 3 != 2,
                loses_events=(index, number) == _LOST,
                students=[*students_of(form), *guests] if form else some,
            )


def chosen_day() -> date:
    """Return the day that follows the past week of this demo. Without any such class yet, it is today."""
    known = Room.objects.filter(room_uuid__regex=rf"^{PREFIX}-[0-9]{{8}}-[0-9]+$").order_by("pk").first()
    if known is None:
        return clock.cloud_now().astimezone(timezone.get_default_timezone()).date()
    return datetime.strptime(known.room_uuid.split("-")[1], "%Y%m%d").date()


def missing() -> list[Planned]:
    """Return the classes of the past week that have not arrived completely, the newest first."""
    classes = plan(chosen_day(), timezone.get_default_timezone())
    uuids = [one.room_uuid for one in classes]
    arrived = set(
        Room.objects.filter(room_uuid__in=uuids, state=RoomState.CLOSED).values_list("room_uuid", flat=True)
    )
    return [one for one in reversed(classes) if one.room_uuid not in arrived]


@transaction.atomic
def register(planned: Planned) -> Room:
    """Store a class as if it had been scheduled, with its teacher and class list. A known room stays."""
    teacher = User.objects.get(email=TEACHERS[planned.teacher][0])
    room = registry.register(
        room_uuid=planned.room_uuid,
        name=planned.name,
        room_type=ROOM_TYPE,
        planned_start_at=planned.starts_at,
        planned_end_at=planned.ends_at,
        planned_close_at=planned.ends_at + CLOSES_AFTER,
        created_by=teacher,
    )
    if planned.form and room.class_list_id is None:
        Room.objects.filter(pk=room.pk).update(class_list=_class_list(planned.form))
    return room


def _class_list(form: str) -> ClassList:
    """Return the class list of a form. Create it if the teacher has none with this name."""
    teacher = User.objects.get(email=TEACHERS[form == BY_NAME][0])
    name = f"Class {form}"
    if known := ClassList.objects.filter(owner=teacher, name=name).first():
        return known
    before = clock.now() - KNOWN_BEFORE  # so that classes of the past week have used the list
    made = ClassList.objects.create(name=name, owner=teacher, made_at=before, changed_at=before)
    ListedPerson.objects.bulk_create(
        ListedPerson(
            class_list=made,
            name=student,
            user_uuid="" if form == BY_NAME else user_uuid,
            group="AB"[number % 2] if form == WITH_GROUPS else "",
        )
        for number, (user_uuid, student) in enumerate(students_of(form))
    )
    return made


def offer(planned: Planned, *, base_url: str) -> None:
    """Let the simulated cloud run a past class and offer its events. Repeating this changes nothing.

    Raise ``OSError`` if the simulator does not answer or refuses the class.
    """
    request = urllib.request.Request(
        f"{base_url}/_sim/past-class",
        json.dumps(planned.as_json()).encode(),
        {"Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(request, timeout=30).close()
    except HTTPError as error:
        with error:
            if error.code != HTTP_CONFLICT:
                raise


def add_classes(
    *, base_url: str, arrived: Callable[[Planned], bool] | None = None, rest: float = REST
) -> int:
    """Add the classes of the past week that are missing, one after another. Return how many there were.

    Wait until `arrived` says that a class is complete, then `rest` times as long. Raise ``OSError`` if the
    simulator does not answer, and ``TimeoutError`` if a class does not arrive.
    """
    waiting = missing()
    for number, planned in enumerate(waiting):
        began = clock.monotonic()
        register(planned)
        offer(planned, base_url=base_url)
        while not (arrived or has_arrived)(planned):
            if clock.monotonic() - began > ARRIVES_WITHIN_S:
                raise TimeoutError(f"The class {planned.name} of {planned.starts_at} has not arrived.")
            time.sleep(LOOK_EVERY_S)
        room = Room.objects.filter(room_uuid=planned.room_uuid, state=RoomState.CLOSED).first()
        if room is not None:
            past_week_notes.add(room, number)
        time.sleep((clock.monotonic() - began) * rest)
    return len(waiting)


def has_arrived(planned: Planned) -> bool:
    """Return whether the events of a class have been projected up to its end."""
    return Room.objects.filter(room_uuid=planned.room_uuid, state=RoomState.CLOSED).exists()
