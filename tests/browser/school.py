"""The people and classes of the browser tests, and functions that act in the simulated cloud."""

import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from classroom_admin.simulator.testing import RunningSimulator

PASSWORD = "a-long-enough-password"
ADMINISTRATOR = "admin@school.test"
TEACHER = "teacher@school.test"
OTHER_TEACHER = "other@school.test"
# One test changes this person's password: no other test signs in with it.
CHANGER = "changer@school.test"
# The tests of languages change this person's language: no other test signs in as this person.
LINGUIST = "linguist@school.test"
# Reads in English, and may change their other settings.
MEMBER = "member@school.test"
TEACHER_NAME = "Tara Teacher"

ACCOUNTS_SCRIPT = f"""
from classroom_admin.accounts.models import CloudIdentity, User
User.objects.create_superuser("{ADMINISTRATOR}", "{PASSWORD}", name="Ada Admin")
one = User.objects.create_user("{TEACHER}", "{PASSWORD}", name="{TEACHER_NAME}")
CloudIdentity.objects.create(user=one, user_uuid="teacher-1")
two = User.objects.create_user("{OTHER_TEACHER}", "{PASSWORD}", name="Omar Other")
CloudIdentity.objects.create(user=two, user_uuid="teacher-2")
User.objects.create_user("{CHANGER}", "{PASSWORD}", name="Chris Changer")
User.objects.create_superuser("{LINGUIST}", "{PASSWORD}", name="Lina Linguist")
User.objects.create_superuser("{MEMBER}", "{PASSWORD}", name="Mia Member")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(is_so: Callable[[], Any], *, within_s: float = 20) -> Any:
    """Return the first true value of ``is_so()``. Raise AssertionError after ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while not (value := is_so()):
        assert time.monotonic() < deadline, f"still not true after {within_s} s (last value: {value!r})"
        time.sleep(0.05)  # between two calls; the deadline above decides
    return value


@dataclass(frozen=True, kw_only=True)
class Classroom:
    """A room of the simulated cloud."""

    simulator: RunningSimulator
    uuid: str
    name: str

    def act(self, action: str, **body: Any) -> Any:
        """Make one control call: ``act("chat", userUuid="p1", message="Hello")``."""
        return self.simulator.room(self.uuid, action, **body)

    def enter(self, user_uuid: str, name: str, *, role: int = 2, **more: Any) -> None:
        self.act("enter", userUuid=user_uuid, userName=name, role=role, **more)

    def truth(self) -> dict[str, Any]:
        """Return everything that the cloud knows about the room."""
        return self.simulator.control("GET", f"/rooms/{quote(self.uuid, safe='')}")

    def person(self, user_uuid: str) -> dict[str, Any]:
        """Return what the cloud knows about one person in the room."""
        return next(user for user in self.truth()["users"] if user["userUuid"] == user_uuid)


def open_classroom(
    simulator: RunningSimulator,
    name: str,
    *,
    state: int = 1,
    teacher: str | None = "teacher-1",
    teacher_name: str = TEACHER_NAME,
    **settings: Any,
) -> Classroom:
    """Open a new room with a teacher in it. ``state`` is the cloud's number: 1 means started."""
    room_uuid = f"room {uuid.uuid4().hex[:12]}"
    simulator.make_room(room_uuid, roomName=name, state=state, **settings)
    room = Classroom(simulator=simulator, uuid=room_uuid, name=name)
    if teacher:
        room.enter(teacher, teacher_name, role=1)
    return room


def calls_of(simulator: RunningSimulator, fault_id: int) -> int:
    """Return how many requests to its route a fault has seen."""
    faults = simulator.control("GET", "/faults")["faults"]
    return next(int(fault["calls"]) for fault in faults if fault["id"] == fault_id)
