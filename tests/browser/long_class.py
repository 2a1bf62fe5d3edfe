"""Classes as they are after 45 minutes: one with much in it, and one with a thousand students."""

import time
from typing import Any, Final

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.school import Classroom, open_classroom

STUDENTS: Final = 30
QUESTIONS: Final = 26
FILES: Final = 12
RECORDINGS: Final = 6
MESSAGES: Final = 200
MINUTES: Final = 45
FIRST_NAMES = ("Aaliyah", "Ben", "Chiara", "Daniel", "Elif", "Finn", "Grace", "Hana", "Ibrahim", "Jonas")
LAST_NAMES = ("Khan", "García López", "Weber")


def started(simulator: RunningSimulator, name: str, **settings: Any) -> Classroom:
    """Return a class of an hour that was due to start 45 minutes ago."""
    start_ms = round((time.time() - MINUTES * 60) * 1000)
    return open_classroom(simulator, name, startTime=start_ms, duration=3600, **settings)


def class_after_45_minutes(simulator: RunningSimulator, name: str = "Maths 8a – Pythagoras") -> Classroom:
    """Return a class with 30 students, 26 quizzes and polls, 12 files, 6 recordings and 200 messages.

    The last quiz and the last recording are running, and three hands are raised.
    """
    room = started(simulator, name)
    for number in range(STUDENTS):
        first, last = FIRST_NAMES[number % 10], LAST_NAMES[number // 10]
        room.enter(f"p{number}", f"{first} {last}", stream=number % 3 == 0)
    for number in range(RECORDINGS):
        room.act("record", state=1, mode="web", publish=True)
        if number < RECORDINGS - 1:
            room.act("record", state=0)
    for number in range(FILES):
        room.act(
            "resource", resourceUuid=f"f{number}", resourceName=f"Worksheet {number + 1}.pdf", size=284_113
        )
    for number in range(QUESTIONS):
        if number % 4 == 3:
            room.act("poll", userUuid="teacher-1", pollItems=["Yes", "No"])
            room.act("poll", stop=True)
            continue
        room.act("quiz", userUuid="teacher-1", items=["3 cm", "4 cm", "5 cm", "7 cm"], correctItems=["5 cm"])
        for student in range(19):
            answer = "5 cm" if student % 4 else "4 cm"
            room.act("answer", userUuid=f"p{student}", selectedItems=[answer])
        if number < QUESTIONS - 1:
            room.act("quiz", stop=True)
    for number in range(MESSAGES):
        room.act("chat", userUuid=f"p{number % STUDENTS}", message=f"Is the long side {number} cm?")
    for user_uuid in ("p8", "p11", "p1"):
        room.act("wave", userUuid=user_uuid)
    room.act("stage", userUuid="p2")
    room.act("mute", userUuid="p3", muteChat=1)
    return room


def class_of_a_thousand(simulator: RunningSimulator, name: str = "Assembly of the whole school") -> Classroom:
    """Return a class with 1,000 students, of whom 43 have a raised hand."""
    room = started(simulator, name)
    for number in range(1000):
        room.enter(f"s{number}", f"{FIRST_NAMES[number % 10]} {LAST_NAMES[number % 3]} {number:04}")
    for number in range(43):
        room.act("wave", userUuid=f"s{number}")
    return room
