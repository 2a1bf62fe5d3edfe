"""Everything that may happen in a class, by name, with how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from classroom_admin.simulator.school import pupil_acts, teacher_acts

if TYPE_CHECKING:
    from classroom_admin.simulator.school.play import ClassPlay

Act = Callable[["ClassPlay"], bool]

ODDS: dict[str, tuple[Act, int]] = {
    "chat": (pupil_acts.chat, 24),
    "come": (pupil_acts.come, 10),
    "drop": (pupil_acts.drop, 5),
    "leave": (pupil_acts.leave, 2),
    "wave": (pupil_acts.wave, 12),
    "lower": (pupil_acts.lower, 4),
    "stage_on": (teacher_acts.stage_on, 7),
    "stage_off": (teacher_acts.stage_off, 4),
    "reward": (teacher_acts.reward, 6),
    "camera": (pupil_acts.camera, 6),
    "microphone": (pupil_acts.microphone, 7),
    "screen": (pupil_acts.screen, 1),
    "mute_all": (teacher_acts.mute_all, 1),
    "room_property": (teacher_acts.room_property, 3),
    "room_properties": (teacher_acts.room_properties, 1),
    "ext_app": (teacher_acts.ext_app, 1),
    "user_property": (pupil_acts.user_property, 2),
    "user_properties": (teacher_acts.user_properties, 1),
    "mute_pupil": (teacher_acts.mute_pupil, 2),
    "custom": (teacher_acts.custom, 2),
    "whisper": (pupil_acts.whisper, 1),
    "quiz": (teacher_acts.quiz, 2),
    "poll": (teacher_acts.poll, 2),
    "record": (teacher_acts.record, 1),
    "share_file": (teacher_acts.share_file, 2),
    "groups": (teacher_acts.groups, 1),
    "unheard_of": (pupil_acts.unheard_of, 1),
}
ACTS: dict[str, Act] = {name: act for name, (act, _) in ODDS.items()}
NAMES = list(ODDS)
WEIGHTS = [weight for _, weight in ODDS.values()]
EVERYTHING = (
    "chat",
    "wave",
    "camera",
    "stage_on",
    "quiz",
    "reward",
    "user_property",
    "record",
    "share_file",
    "mute_pupil",
    "room_property",
    "room_properties",
    "user_properties",
    "mute_all",
    "poll",
    "custom",
    "groups",
    "ext_app",
    "drop",
    "lower",
    "stage_off",
    "microphone",
    "screen",
    "unheard_of",
)
