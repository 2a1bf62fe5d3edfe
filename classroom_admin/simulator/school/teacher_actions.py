"""The actions of teachers in a class. Each action returns False if it is not possible now."""

from collections.abc import Callable

from classroom_admin.simulator.school import sample_data
from classroom_admin.simulator.school.simulated_class import SimulatedClass
from classroom_admin.simulator.world import (
    User,
    groups,
    media,
    messages,
    people,
    properties,
    recordings,
    resources,
    stage,
    widgets,
)
from classroom_admin.simulator.world.model import Question


def stage_on(lesson: SimulatedClass) -> bool:
    raised = [lesson.room.users[uuid] for uuid in lesson.room.hands]
    student = lesson.rng.choice(raised) if raised else lesson.random_student()
    if student is None or len(lesson.room.stage) >= 6:
        return stage_off(lesson)
    stage.go_on(lesson.world, lesson.room, student)
    return True


def stage_off(lesson: SimulatedClass) -> bool:
    if not lesson.room.stage:
        return False
    stage.go_off(lesson.world, lesson.room, lesson.room.users[lesson.rng.choice(list(lesson.room.stage))])
    return True


def reward(lesson: SimulatedClass) -> bool:
    students = lesson.present()
    if not students or lesson.teacher() is None:
        return False
    rewarded = lesson.rng.sample(students, min(len(students), lesson.rng.choice((1, 1, 1, 2, 3))))
    stage.reward(lesson.world, lesson.room, [(student, 1) for student in rewarded])
    return True


def mute_all(lesson: SimulatedClass) -> bool:
    """Mute the first six students in one event."""
    students = lesson.present()
    if len(students) < 2:
        return False
    changes = [(student, student.stream_uuid, {"audio_state": 0}) for student in students[:6]]
    media.put_many(lesson.world, lesson.room, changes, operator=lesson.teacher_id())
    return True


def room_property(lesson: SimulatedClass) -> bool:
    page = lesson.rng.randrange(1, 40)
    properties.put_room(
        lesson.world, lesson.room, {"boardPage": page}, cause={"cmd": 1}, operator=lesson.teacher_id()
    )
    return True


def room_properties(lesson: SimulatedClass) -> bool:
    changes = {
        "topic": lesson.rng.choice(sample_data.SUBJECTS),
        "mood": lesson.rng.choice(("calm", "lively", "🎉")),
    }
    properties.put_room(lesson.world, lesson.room, changes, operator=lesson.teacher_id(), batch=True)
    return True


def ext_app(lesson: SimulatedClass) -> bool:
    seconds = lesson.rng.choice((30, 60, 300))
    properties.put_ext_app(
        lesson.world,
        lesson.room,
        "countdown",
        {"duration": seconds, "startTime": lesson.world.now},
        state=1,
        cause={},
        operator=lesson.teacher_id(),
    )
    return True


def user_properties(lesson: SimulatedClass) -> bool:
    students = lesson.present()
    if len(students) < 2:
        return False
    team = {"team": lesson.rng.choice(("red", "blue", "green"))}
    properties.put_users(lesson.world, lesson.room, students[:5], team, operator=lesson.teacher_id())
    return True


def mute_student(lesson: SimulatedClass) -> bool:
    """Mute a student in the chat, and unmute the student later."""
    student = lesson.random_student()
    if student is None:
        return False
    operator = lesson.teacher_id()
    people.mute_user(lesson.world, lesson.room, student, 1, operator=operator)
    lesson.later(
        20_000, 90_000, lambda: people.mute_user(lesson.world, lesson.room, student, 0, operator=operator)
    )
    return True


def custom(lesson: SimulatedClass) -> bool:
    sender = lesson.teacher() or lesson.random_student()
    if sender is None:
        return False
    number = 21 if lesson.rng.random() < 0.2 else 99
    messages.custom(lesson.world, lesson.room, sender, '{"effect":"applause"}', cmd=number)
    return True


def quiz(lesson: SimulatedClass) -> bool:
    """Start a quiz and end it later. Most students answer within 20 seconds."""
    asker = lesson.teacher()
    if asker is None or not lesson.present() or any(known.running for known in lesson.room.quizzes.values()):
        return False
    items = lesson.rng.choice(sample_data.QUESTIONS)
    correct = lesson.rng.sample(items, 1)
    question = widgets.start_quiz(lesson.world, lesson.room, starter=asker.uuid, items=items, correct=correct)
    for student in lesson.present():
        chosen = correct if lesson.rng.random() < 0.6 else lesson.rng.sample(items, 1)
        if lesson.rng.random() < 0.85:
            lesson.later(2_000, 20_000, _quiz_answer(lesson, question, student, chosen))
    lesson.later(21_000, 30_000, lambda: widgets.stop_quiz(lesson.world, lesson.room, question))
    return True


def _quiz_answer(
    lesson: SimulatedClass, question: Question, student: User, chosen: list[str]
) -> Callable[[], None]:
    return lambda: widgets.answer_quiz(lesson.world, lesson.room, question, student, chosen)


def poll(lesson: SimulatedClass) -> bool:
    asker = lesson.teacher()
    if asker is None or not lesson.present() or any(known.running for known in lesson.room.polls.values()):
        return False
    items, mode = lesson.rng.choice(sample_data.POLLS), lesson.rng.choice((1, 2))
    question = widgets.start_poll(lesson.world, lesson.room, starter=asker.uuid, items=items, mode=mode)
    for student in lesson.present():
        chosen = sorted(lesson.rng.sample(range(len(items)), 1 if mode == 1 else 2))
        if lesson.rng.random() < 0.85:
            lesson.later(2_000, 20_000, _poll_answer(lesson, question, student, chosen))
    lesson.later(21_000, 30_000, lambda: widgets.stop_poll(lesson.world, lesson.room, question))
    return True


def _poll_answer(
    lesson: SimulatedClass, question: Question, student: User, chosen: list[int]
) -> Callable[[], None]:
    return lambda: widgets.answer_poll(lesson.world, lesson.room, question, student, chosen)


def record(lesson: SimulatedClass) -> bool:
    """Start a recording.

    Stop a running recording only rarely, because most teachers record the whole class.
    """
    running = lesson.room.current_recording()
    if lesson.teacher() is None:
        return False
    if running is None:
        config = {"rootUrl": "https://school.example.test/record", "publishRtmp": "true"}
        mode = lesson.rng.choice(("web", "web", "composite"))
        recordings.start(lesson.world, lesson.room, mode=mode, config=config if mode == "web" else {})
        return True
    if lesson.world.now - running.start_ms < 60_000 or lesson.rng.random() < 0.9:
        return False
    recordings.stop(lesson.world, lesson.room, operator=lesson.teacher_id())
    return True


def share_file(lesson: SimulatedClass) -> bool:
    if len(lesson.room.resources) >= 8:
        oldest = next(iter(lesson.room.resources))
        resources.delete(lesson.world, lesson.room, [oldest], operator=lesson.teacher_id())
        return True
    name, ext, kind = lesson.rng.choice(sample_data.FILES)
    lesson.files += 1
    conversion = {"type": kind, "preview": True} if kind == "dynamic" else {"type": kind} if kind else None
    resources.put(
        lesson.world,
        lesson.room,
        uuid=f"file-{lesson.files}",
        name=name,
        ext=ext,
        size=lesson.rng.randrange(20_000, 9_000_000),
        url=f"https://files.example.test/{lesson.files}.{ext}",
        conversion=conversion,
        operator=lesson.teacher_id(),
    )
    return True


def breakout_rooms(lesson: SimulatedClass) -> bool:
    """Open breakout rooms with three students each for about a minute."""
    students = lesson.present()
    if len(students) < 4 or lesson.room.groups:
        return False
    rows = [
        {
            "groupName": f"Group {start // 3 + 1}",
            "users": [{"userUuid": student.uuid} for student in students[start : start + 3]],
        }
        for start in range(0, min(len(students), 9), 3)
    ]
    operator = lesson.teacher_id()
    groups.open_groups(lesson.world, lesson.room, rows, operator=operator)
    lesson.later(60_000, 90_000, lambda: _end_breakout_rooms(lesson, operator))
    return True


def _end_breakout_rooms(lesson: SimulatedClass, operator: str | None) -> None:
    groups.end_groups(lesson.world, lesson.room, [], operator=operator)
