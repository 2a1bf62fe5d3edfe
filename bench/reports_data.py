"""Create a large class and the stored figures of a term, for the benchmark of reports."""

from __future__ import annotations

import io
import random
from datetime import timedelta
from typing import Any

PEOPLE, PACE_MS, MINUTES = 500, 240, 60
STEPS = MINUTES + 15
LISTS = 20
GIVEN = ("Zoë", "José", "Hưng", "रीना", "민준", "だいき", "مُحَمَّد", "Søren", "Łukasz", "Ann")
STATUSES = ("present",) * 8 + ("late", "absent")


def run_class() -> Any:
    """Simulate a class of 500 people, store its events by the sync, and return its room."""
    from django.conf import settings
    from django.core.management import call_command

    from classroom_admin.agora.config import CloudConfig
    from classroom_admin.common import clock
    from classroom_admin.rooms.models import Room
    from classroom_admin.simulator.testing import running_simulator

    # The simulated clock shows the present at the end, because the product follows the cloud's clock.
    start_ms = clock.now_ms() - STEPS * 60_000
    with running_simulator(stepped=True, plain=True, start_ms=start_ms) as sim:
        settings.AGORA = CloudConfig(
            base_url=sim.base_url, fallback_url="", region="na", app_id=sim.app_id,
            app_certificate=sim.app_certificate, uid="bench", requests_per_second=0.0,
        )  # fmt: skip
        sim.do(_start_class)
        for _minute in range(STEPS):
            sim.step(60_000)
        call_command("sync", "--once", verbosity=0, stdout=io.StringIO())
    return Room.objects.get(room_uuid="assembly")


def _start_class(world: Any) -> None:
    from classroom_admin.simulator.school import teacher_actions
    from classroom_admin.simulator.school.runner import ClassRunner
    from classroom_admin.simulator.school.simulated_class import ClassPlan, SimulatedClass

    plan = ClassPlan(
        uuid="assembly", name="Assembly", type=4, starts_in_s=0, duration_s=MINUTES * 60,
        students=PEOPLE, teacher="teacher", pace_ms=PACE_MS,
    )  # fmt: skip
    rng = random.Random(1)
    lesson = SimulatedClass(world, plan, rng, never=frozenset({"quiz", "poll"}))
    ClassRunner(world, plan, rng, lesson=lesson).start()
    for minute in (15, 40):  # each of these two quizzes has more than a thousand events
        world.after(minute * 60_000, lambda: teacher_actions.quiz(lesson))


class Term:
    """The stored figures of a term, which grows."""

    def __init__(self, students: int) -> None:
        from classroom_admin.accounts.models import User
        from classroom_admin.rooms.models import ClassList

        self.students, self.classes = students, 0
        self.teachers = [User.objects.create(email=f"t{n}@school.example", password="!") for n in range(10)]
        self.lists = ClassList.objects.bulk_create(
            [ClassList(name=f"Class {n}", owner=self.teachers[n % 10]) for n in range(LISTS)]
        )
        self.rng = random.Random(2)

    def grow(self, classes: int) -> None:
        """Store classes until there are this many. They took place in the last 90 days."""
        from django.db import connection

        from classroom_admin.common import clock
        from classroom_admin.reports.models import ClassSummary, PersonSummary
        from classroom_admin.rooms.models import Room, RoomTeacher

        now = clock.cloud_now()
        for first in range(self.classes, classes, 250):
            numbers = range(first, min(first + 250, classes))
            rooms = Room.objects.bulk_create(
                Room(
                    room_uuid=f"term-{n}", name=f"Maths {n}", state=3, version=9,
                    class_list=self.lists[n % LISTS], started_at=now - timedelta(hours=n % 2160),
                    properties={"flexProps": {"text": "x" * 500}},
                )
                for n in numbers
            )  # fmt: skip
            RoomTeacher.objects.bulk_create(
                RoomTeacher(room=room, user=self.teachers[n % 10])
                for n, room in zip(numbers, rooms, strict=True)
            )
            summaries = ClassSummary.objects.bulk_create(
                ClassSummary(
                    room=room, made_at=now, room_version=9, class_list=self.lists[n % LISTS], list_number=1,
                    late_s=300, early_s=300, starts_at=room.started_at,
                    ends_at=room.started_at + timedelta(minutes=45), students=self.students, events=300,
                    recorded_ms=2_400_000,
                    gaps=[[1_700_000_000_000, 1_700_000_060_000]] if n % 50 == 0 else [],
                )
                for n, room in zip(numbers, rooms, strict=True)
            )  # fmt: skip
            PersonSummary.objects.bulk_create(
                (self._person(n, summary, seat)
                for n, summary in zip(numbers, summaries, strict=True)
                for seat in range(self.students)), 500,
            )  # fmt: skip
        self.classes = classes
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")

    def _person(self, number: int, summary: Any, seat: int) -> Any:
        from classroom_admin.reports.models import PersonSummary

        user_uuid = f"s{number % LISTS}-{seat}"
        name, status = f"{GIVEN[seat % 10]} {user_uuid}", self.rng.choice(STATUSES)
        starts, minutes = summary.starts_at, self.rng.randrange(30, 46)
        came = status != "absent"
        began_ms = round(starts.timestamp() * 1000)
        return PersonSummary(
            summary=summary, room_id=summary.room_id, person_key=f"id:{user_uuid}", user_uuid=user_uuid,
            name=name, list_name=name, group="AB"[seat % 2], status=status,
            first_in=starts if came else None, last_out=starts + timedelta(minutes=minutes) if came else None,
            present_ms=minutes * 60_000 * came, share=minutes / 45 * came, late_ms=0, left_early_ms=0,
            reconnects=seat % 3, chat=seat % 5, hands=seat % 4, answers=3, correct=2, rewards=1,
            spans={
                "present": [[began_ms, began_ms + minutes * 60_000]], "hand": [[began_ms, began_ms + 9000]],
            },
        )  # fmt: skip


def cookie() -> str:
    """Create an administrator with a session; return the value of the header Cookie."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from classroom_admin.accounts.models import User

    admin = User.objects.create_superuser("head@school.example", "x", second_factor_exempt=True)
    session = SessionStore()
    session[SESSION_KEY] = str(admin.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = admin.get_session_auth_hash()
    session.save()
    return f"sessionid={session.session_key}"
