"""What pupils do in a class. Each act returns False when it was not possible just now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classroom_admin.simulator.school import names
from classroom_admin.simulator.world import (
    User,
    media,
    people,
    properties,
    stage,
    talk,
)

if TYPE_CHECKING:
    from classroom_admin.simulator.school.play import ClassPlay


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


def user_property(play: ClassPlay) -> bool:
    pupil = play.somebody()
    if pupil is None:
        return False
    device = play.rng.choice(
        ({"device": "tablet"}, {"device": "phone"}, {"network": "poor"}, {"network": "good"})
    )
    properties.put_user(play.world, play.room, pupil, device, operator=pupil.uuid)
    return True


def whisper(play: ClassPlay) -> bool:
    pupils = play.present()
    if len(pupils) < 2:
        return False
    sender, receiver = play.rng.sample(pupils, 2)
    talk.peer(play.world, play.room, sender, to=receiver.uuid, message=play.rng.choice(names.CHAT))
    return True


def unheard_of(play: ClassPlay) -> bool:
    """A kind of event that no document knows: releases bring them."""
    if play.world.plain:
        return True
    play.world.emit(play.room, 7001, {"reaction": play.rng.choice(("clap", "heart", "laugh")), "count": 3})
    return True
