"""What teachers do in a class. Each act returns False when it was not possible just now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from classroom_admin.simulator.school import names
from classroom_admin.simulator.world import (
    User,
    media,
    people,
    properties,
    recordings,
    resources,
    stage,
    talk,
    widgets,
)
from classroom_admin.simulator.world.model import Question

if TYPE_CHECKING:
    from classroom_admin.simulator.school.play import ClassPlay


def stage_on(play: ClassPlay) -> bool:
    raised = [play.room.users[uuid] for uuid in play.room.hands]
    pupil = play.rng.choice(raised) if raised else play.somebody()
    if pupil is None or len(play.room.stage) >= 6:
        return stage_off(play)
    stage.go_on(play.world, play.room, pupil)
    return True


def stage_off(play: ClassPlay) -> bool:
    if not play.room.stage:
        return False
    stage.go_off(play.world, play.room, play.room.users[play.rng.choice(list(play.room.stage))])
    return True


def reward(play: ClassPlay) -> bool:
    pupils = play.present()
    if not pupils or play.teacher() is None:
        return False
    lucky = play.rng.sample(pupils, min(len(pupils), play.rng.choice((1, 1, 1, 2, 3))))
    stage.reward(play.world, play.room, [(pupil, 1) for pupil in lucky])
    return True


def mute_all(play: ClassPlay) -> bool:
    """The teacher switches several microphones off at once."""
    pupils = play.present()
    if len(pupils) < 2:
        return False
    changes = [(pupil, pupil.stream_uuid, {"audio_state": 0}) for pupil in pupils[:6]]
    media.put_many(play.world, play.room, changes, operator=_teacher_id(play))
    return True


def _teacher_id(play: ClassPlay) -> str | None:
    teacher = play.teacher()
    return teacher.uuid if teacher is not None else None


def room_property(play: ClassPlay) -> bool:
    page = play.rng.randrange(1, 40)
    properties.put_room(
        play.world, play.room, {"boardPage": page}, cause={"cmd": 1}, operator=_teacher_id(play)
    )
    return True


def room_properties(play: ClassPlay) -> bool:
    changes = {"topic": play.rng.choice(names.SUBJECTS), "mood": play.rng.choice(("calm", "lively", "🎉"))}
    properties.put_room(play.world, play.room, changes, operator=_teacher_id(play), batch=True)
    return True


def ext_app(play: ClassPlay) -> bool:
    seconds = play.rng.choice((30, 60, 300))
    properties.put_ext_app(
        play.world,
        play.room,
        "countdown",
        {"duration": seconds, "startTime": play.world.now},
        state=1,
        cause={},
        operator=_teacher_id(play),
    )
    return True


def user_properties(play: ClassPlay) -> bool:
    pupils = play.present()
    if len(pupils) < 2:
        return False
    team = {"team": play.rng.choice(("red", "blue", "green"))}
    properties.put_users(play.world, play.room, pupils[:5], team, operator=_teacher_id(play))
    return True


def mute_pupil(play: ClassPlay) -> bool:
    """The teacher forbids a pupil to chat, and relents."""
    pupil = play.somebody()
    if pupil is None:
        return False
    operator = _teacher_id(play)
    people.mute_user(play.world, play.room, pupil, 1, operator=operator)
    play.later(20_000, 90_000, lambda: people.mute_user(play.world, play.room, pupil, 0, operator=operator))
    return True


def custom(play: ClassPlay) -> bool:
    pupil = play.teacher() or play.somebody()
    if pupil is None:
        return False
    number = 21 if play.rng.random() < 0.2 else 99
    talk.custom(play.world, play.room, pupil, '{"effect":"applause"}', cmd=number)
    return True


def quiz(play: ClassPlay) -> bool:
    """Asked, answered by most within twenty seconds, ended."""
    asker = play.teacher()
    if asker is None or not play.present() or any(known.running for known in play.room.quizzes.values()):
        return False
    items = play.rng.choice(names.QUESTIONS)
    correct = play.rng.sample(items, 1)
    question = widgets.start_quiz(play.world, play.room, starter=asker.uuid, items=items, correct=correct)
    for pupil in play.present():
        chosen = correct if play.rng.random() < 0.6 else play.rng.sample(items, 1)
        if play.rng.random() < 0.85:
            play.later(2_000, 20_000, _quiz_answer(play, question, pupil, chosen))
    play.later(21_000, 30_000, lambda: widgets.stop_quiz(play.world, play.room, question))
    return True


def _quiz_answer(play: ClassPlay, question: Question, pupil: User, chosen: list[str]) -> Callable[[], None]:
    return lambda: widgets.answer_quiz(play.world, play.room, question, pupil, chosen)


def poll(play: ClassPlay) -> bool:
    asker = play.teacher()
    if asker is None or not play.present() or any(known.running for known in play.room.polls.values()):
        return False
    items, mode = play.rng.choice(names.POLLS), play.rng.choice((1, 2))
    question = widgets.start_poll(play.world, play.room, starter=asker.uuid, items=items, mode=mode)
    for pupil in play.present():
        chosen = sorted(play.rng.sample(range(len(items)), 1 if mode == 1 else 2))
        if play.rng.random() < 0.85:
            play.later(2_000, 20_000, _poll_answer(play, question, pupil, chosen))
    play.later(21_000, 30_000, lambda: widgets.stop_poll(play.world, play.room, question))
    return True


def _poll_answer(play: ClassPlay, question: Question, pupil: User, chosen: list[int]) -> Callable[[], None]:
    return lambda: widgets.answer_poll(play.world, play.room, question, pupil, chosen)


def record(play: ClassPlay) -> bool:
    """Start a recording, or now and then stop one that has run for a while."""
    running = play.room.current_recording()
    if running is None:
        config = {"rootUrl": "https://school.example.test/record", "publishRtmp": "true"}
        mode = play.rng.choice(("web", "web", "composite"))
        recordings.start(play.world, play.room, mode=mode, config=config if mode == "web" else {})
        return True
    if play.world.now - running.start_ms < 60_000:
        return False
    recordings.stop(play.world, play.room, operator=_teacher_id(play))
    return True


def share_file(play: ClassPlay) -> bool:
    if len(play.room.resources) >= 8:
        oldest = next(iter(play.room.resources))
        resources.delete(play.world, play.room, [oldest], operator=_teacher_id(play))
        return True
    name, ext, kind = play.rng.choice(names.FILES)
    play.files += 1
    conversion = {"type": kind, "preview": True} if kind == "dynamic" else {"type": kind} if kind else None
    resources.put(
        play.world,
        play.room,
        uuid=f"file-{play.files}",
        name=name,
        ext=ext,
        size=play.rng.randrange(20_000, 9_000_000),
        url=f"https://files.example.test/{play.files}.{ext}",
        conversion=conversion,
        operator=_teacher_id(play),
    )
    return True


def groups(play: ClassPlay) -> bool:
    """Breakout groups of three for a minute."""
    pupils = play.present()
    if len(pupils) < 4 or play.room.groups:
        return False
    rows = [
        {
            "groupName": f"Group {start // 3 + 1}",
            "users": [{"userUuid": pupil.uuid} for pupil in pupils[start : start + 3]],
        }
        for start in range(0, min(len(pupils), 9), 3)
    ]
    operator = _teacher_id(play)
    properties.set_groups(play.world, play.room, rows, start=True, operator=operator)
    play.later(60_000, 90_000, lambda: _end_groups(play, operator))
    return True


def _end_groups(play: ClassPlay, operator: str | None) -> None:
    properties.set_groups(play.world, play.room, [], start=False, operator=operator)
