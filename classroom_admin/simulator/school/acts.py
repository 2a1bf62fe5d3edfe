"""Everything that may happen in a class, by name, with how often. An act returns False when it was not possible."""

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

if TYPE_CHECKING:
    from classroom_admin.simulator.school.play import ClassPlay

Act = Callable[["ClassPlay"], bool]


def chat(play: ClassPlay) -> bool:
    teacher = play.teacher()
    if teacher is not None and play.rng.random() < 0.2:
        talk.chat(play.world, play.room, teacher, play.rng.choice(names.TEACHER_CHAT))
        return True
    pupil = play.somebody()
    if pupil is None:
        return False
    talk.chat(play.world, play.room, pupil, play.rng.choice(names.CHAT))
    return True


def come(play: ClassPlay) -> bool:
    away = [
        (uuid, name)
        for uuid, name in play.pupils
        if uuid not in play.room.users or not play.room.users[uuid].online
    ]
    if not away:
        return False
    play.let_in(*play.rng.choice(away))
    return True


def drop(play: ClassPlay) -> bool:
    """The connection breaks; most come back within half a minute."""
    pupil = play.somebody()
    if pupil is None or len(play.present()) < 2:
        return False
    people.leave(play.world, play.room, pupil, how="dropped")
    if play.rng.random() < 0.85:
        play.later(3_000, 30_000, lambda: play.let_in(pupil.uuid, pupil.name))
    return True


def leave(play: ClassPlay) -> bool:
    pupil = play.somebody()
    if pupil is None or len(play.present()) < 4:
        return False
    people.leave(play.world, play.room, pupil)
    return True


def wave(play: ClassPlay) -> bool:
    waiting = [
        user
        for user in play.present()
        if user.uuid not in play.room.hands and user.uuid not in play.room.stage
    ]
    if not waiting:
        return False
    pupil = play.rng.choice(waiting)
    stage.wave(play.world, play.room, pupil, payload={"userName": pupil.name})
    if play.rng.random() < 0.5:
        play.later(8_000, 60_000, lambda: _lower(play, pupil))
    return True


def _lower(play: ClassPlay, pupil: User) -> None:
    if pupil.uuid in play.room.hands:
        stage.lower(play.world, play.room, pupil)


def lower(play: ClassPlay) -> bool:
    if not play.room.hands:
        return False
    _lower(play, play.room.users[play.rng.choice(list(play.room.hands))])
    return True


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


def camera(play: ClassPlay) -> bool:
    return _toggle(play, "video_state")


def microphone(play: ClassPlay) -> bool:
    return _toggle(play, "audio_state")


def _toggle(play: ClassPlay, name: str) -> bool:
    pupil = play.somebody()
    if pupil is None:
        return False
    stream = pupil.streams.get(pupil.stream_uuid)
    value = 1 - getattr(stream, name) if stream is not None else 1
    media.put(play.world, play.room, pupil, pupil.stream_uuid, {name: value})
    return True


def screen(play: ClassPlay) -> bool:
    """Somebody shares their screen for a while."""
    pupil = play.teacher() or play.somebody()
    if pupil is None:
        return False
    uuid = f"{pupil.stream_uuid}9"
    if uuid in pupil.streams:
        media.delete(play.world, play.room, pupil, uuid)
    else:
        media.put(
            play.world, play.room, pupil, uuid, {"video_source": 2, "audio_source": 0, "audio_state": 0}
        )
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
        play.world, play.room, "countdown", {"duration": seconds, "startTime": play.world.now}, state=1, cause={},
        operator=_teacher_id(play),
    )  # fmt: skip
    return True


def user_property(play: ClassPlay) -> bool:
    pupil = play.somebody()
    if pupil is None:
        return False
    device = play.rng.choice(
        ({"device": "tablet"}, {"device": "phone"}, {"network": "poor"}, {"network": "good"})
    )
    properties.put_user(play.world, play.room, pupil, device, operator=pupil.uuid)
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


def whisper(play: ClassPlay) -> bool:
    pupils = play.present()
    if len(pupils) < 2:
        return False
    sender, receiver = play.rng.sample(pupils, 2)
    talk.peer(play.world, play.room, sender, to=receiver.uuid, message=play.rng.choice(names.CHAT))
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


def _quiz_answer(
    play: ClassPlay, question: widgets.Question, pupil: User, chosen: list[str]
) -> Callable[[], None]:
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


def _poll_answer(
    play: ClassPlay, question: widgets.Question, pupil: User, chosen: list[int]
) -> Callable[[], None]:
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
        play.world, play.room, uuid=f"file-{play.files}", name=name, ext=ext, size=play.rng.randrange(20_000, 9_000_000),
        url=f"https://files.example.test/{play.files}.{ext}", conversion=conversion, operator=_teacher_id(play),
    )  # fmt: skip
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


def unheard_of(play: ClassPlay) -> bool:
    """A kind of event that no document knows: releases bring them."""
    if play.world.plain:
        return True
    play.world.emit(play.room, 7001, {"reaction": play.rng.choice(("clap", "heart", "laugh")), "count": 3})
    return True


ODDS: dict[str, tuple[Act, int]] = {
    "chat": (chat, 24), "come": (come, 10), "drop": (drop, 5), "leave": (leave, 2), "wave": (wave, 12),
    "lower": (lower, 4), "stage_on": (stage_on, 7), "stage_off": (stage_off, 4), "reward": (reward, 6),
    "camera": (camera, 6), "microphone": (microphone, 7), "screen": (screen, 1), "mute_all": (mute_all, 1),
    "room_property": (room_property, 3), "room_properties": (room_properties, 1), "ext_app": (ext_app, 1),
    "user_property": (user_property, 2), "user_properties": (user_properties, 1), "mute_pupil": (mute_pupil, 2),
    "custom": (custom, 2), "whisper": (whisper, 1), "quiz": (quiz, 2), "poll": (poll, 2), "record": (record, 1),
    "share_file": (share_file, 2), "groups": (groups, 1), "unheard_of": (unheard_of, 1),
}  # fmt: skip
ACTS: dict[str, Act] = {name: act for name, (act, _) in ODDS.items()}
NAMES = list(ODDS)
WEIGHTS = [weight for _, weight in ODDS.values()]
EVERYTHING = (
    "chat", "wave", "camera", "stage_on", "quiz", "reward", "user_property", "record", "share_file", "mute_pupil",
    "room_property", "room_properties", "user_properties", "mute_all", "poll", "custom", "groups", "ext_app", "drop",
    "lower", "stage_off", "microphone", "screen", "unheard_of",
)  # fmt: skip
