"""The actions of students in a class. Each action returns False if it is not possible now."""

from classroom_admin.simulator.school import sample_data
from classroom_admin.simulator.school.simulated_class import SimulatedClass
from classroom_admin.simulator.world import (
    User,
    media,
    messages,
    people,
    properties,
    stage,
)


def chat(lesson: SimulatedClass) -> bool:
    teacher = lesson.teacher()
    if teacher is not None and lesson.rng.random() < 0.2:
        messages.chat(lesson.world, lesson.room, teacher, lesson.rng.choice(sample_data.TEACHER_CHAT))
        return True
    student = lesson.random_student()
    if student is None:
        return False
    messages.chat(lesson.world, lesson.room, student, lesson.rng.choice(sample_data.CHAT))
    return True


def enter(lesson: SimulatedClass) -> bool:
    away = [
        (uuid, name)
        for uuid, name in lesson.students
        if uuid not in lesson.room.users or not lesson.room.users[uuid].online
    ]
    if not away:
        return False
    lesson.admit_student(*lesson.rng.choice(away))
    return True


def drop(lesson: SimulatedClass) -> bool:
    """Break a student's connection. Most students come back within 30 seconds."""
    student = lesson.random_student()
    if student is None or len(lesson.present()) < 2:
        return False
    people.leave(lesson.world, lesson.room, student, how="dropped")
    if lesson.rng.random() < 0.85:
        lesson.later(3_000, 30_000, lambda: lesson.admit_student(student.uuid, student.name))
    return True


def leave(lesson: SimulatedClass) -> bool:
    student = lesson.random_student()
    if student is None or len(lesson.present()) < 4:
        return False
    people.leave(lesson.world, lesson.room, student)
    return True


def raise_hand(lesson: SimulatedClass) -> bool:
    waiting = [
        user
        for user in lesson.present()
        if user.uuid not in lesson.room.hands and user.uuid not in lesson.room.stage
    ]
    if not waiting:
        return False
    student = lesson.rng.choice(waiting)
    stage.wave(lesson.world, lesson.room, student, payload={"userName": student.name})
    # A teacher reacts to nearly every hand within two minutes. Without a teacher, many hands stay up.
    if lesson.rng.random() < (0.5 if lesson.teacher() is None else 0.97):
        lesson.later(8_000, 110_000, lambda: _lower(lesson, student))
    return True


def _lower(lesson: SimulatedClass, student: User) -> None:
    if student.uuid in lesson.room.hands:
        stage.lower(lesson.world, lesson.room, student)


def lower_hand(lesson: SimulatedClass) -> bool:
    if not lesson.room.hands:
        return False
    _lower(lesson, lesson.room.users[lesson.rng.choice(list(lesson.room.hands))])
    return True


def camera(lesson: SimulatedClass) -> bool:
    return _toggle(lesson, "video_state")


def microphone(lesson: SimulatedClass) -> bool:
    return _toggle(lesson, "audio_state")


def _toggle(lesson: SimulatedClass, name: str) -> bool:
    student = lesson.random_student()
    if student is None:
        return False
    stream = student.streams.get(student.stream_uuid)
    value = 1 - getattr(stream, name) if stream is not None else 1
    media.put(lesson.world, lesson.room, student, student.stream_uuid, {name: value})
    return True


def screen(lesson: SimulatedClass) -> bool:
    """Start sharing a person's screen. If the person already shares it, stop."""
    student = lesson.teacher() or lesson.random_student()
    if student is None:
        return False
    uuid = f"{student.stream_uuid}9"
    if uuid in student.streams:
        media.delete(lesson.world, lesson.room, student, uuid)
    else:
        media.put(
            lesson.world, lesson.room, student, uuid, {"video_source": 2, "audio_source": 0, "audio_state": 0}
        )
    return True


def user_property(lesson: SimulatedClass) -> bool:
    student = lesson.random_student()
    if student is None:
        return False
    device = lesson.rng.choice(
        ({"device": "tablet"}, {"device": "phone"}, {"network": "poor"}, {"network": "good"})
    )
    properties.put_user(lesson.world, lesson.room, student, device, operator=student.uuid)
    return True


def direct_message(lesson: SimulatedClass) -> bool:
    students = lesson.present()
    if len(students) < 2:
        return False
    sender, receiver = lesson.rng.sample(students, 2)
    messages.peer(
        lesson.world, lesson.room, sender, to=receiver.uuid, message=lesson.rng.choice(sample_data.CHAT)
    )
    return True


def unknown_event(lesson: SimulatedClass) -> bool:
    """Emit an event of an undocumented type, as new releases of the cloud do.

    With the dialect ``sdk``, also emit events 24 and 25.
    """
    students = lesson.present()
    if lesson.world.dialect == "sdk" and students:
        people.subscribe(lesson.world, lesson.room, students[0], 1)
        muted = lesson.rng.choice((0, 1))
        operator = lesson.teacher_id()
        people.users_updated(lesson.world, lesson.room, students[:2], muted, operator=operator)
    if lesson.world.plain:
        return True
    lesson.world.emit(
        lesson.room, 7001, {"reaction": lesson.rng.choice(("clap", "heart", "laugh")), "count": 3}
    )
    return True
