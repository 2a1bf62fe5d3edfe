"""The name, function and relative frequency of every action that can happen in a simulated class."""

from collections.abc import Callable

from classroom_admin.simulator.school import student_actions, teacher_actions
from classroom_admin.simulator.school.simulated_class import SimulatedClass

Action = Callable[[SimulatedClass], bool]

_FREQUENCIES: dict[str, tuple[Action, int]] = {
    "chat": (student_actions.chat, 24),
    "enter": (student_actions.enter, 10),
    "drop": (student_actions.drop, 5),
    "leave": (student_actions.leave, 2),
    "raise_hand": (student_actions.raise_hand, 12),
    "lower_hand": (student_actions.lower_hand, 4),
    "stage_on": (teacher_actions.stage_on, 7),
    "stage_off": (teacher_actions.stage_off, 4),
    "reward": (teacher_actions.reward, 6),
    "camera": (student_actions.camera, 6),
    "microphone": (student_actions.microphone, 7),
    "screen": (student_actions.screen, 1),
    "mute_all": (teacher_actions.mute_all, 1),
    "room_property": (teacher_actions.room_property, 3),
    "room_properties": (teacher_actions.room_properties, 1),
    "ext_app": (teacher_actions.ext_app, 1),
    "user_property": (student_actions.user_property, 2),
    "user_properties": (teacher_actions.user_properties, 1),
    "mute_student": (teacher_actions.mute_student, 2),
    "custom": (teacher_actions.custom, 2),
    "direct_message": (student_actions.direct_message, 1),
    "quiz": (teacher_actions.quiz, 2),
    "poll": (teacher_actions.poll, 2),
    "record": (teacher_actions.record, 1),
    "share_file": (teacher_actions.share_file, 2),
    "breakout_rooms": (teacher_actions.breakout_rooms, 1),
    "unknown_event": (student_actions.unknown_event, 1),
}
ACTIONS: dict[str, Action] = {name: action for name, (action, _) in _FREQUENCIES.items()}
NAMES = list(_FREQUENCIES)
WEIGHTS = [weight for _, weight in _FREQUENCIES.values()]
FULL_PROGRAMME = (
    "chat",
    "raise_hand",
    "camera",
    "stage_on",
    "quiz",
    "reward",
    "user_property",
    "record",
    "share_file",
    "mute_student",
    "room_property",
    "room_properties",
    "user_properties",
    "mute_all",
    "poll",
    "custom",
    "breakout_rooms",
    "ext_app",
    "drop",
    "lower_hand",
    "stage_off",
    "microphone",
    "screen",
    "unknown_event",
)
