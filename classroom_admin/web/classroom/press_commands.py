"""The commands that need only one press of a button, for a class or for one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy

from classroom_admin.actions import classroom_tools, countdown, media, messages, stage
from classroom_admin.actions.classroom_tools import Tool
from classroom_admin.actions.media import Device, Whom
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant, Role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCommand:
    """A command for a whole class. `action` is its name in the audit log."""

    action: str
    words: StrOrPromise
    icon: str
    run: Callable[[ClassAccess], Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCommand:
    """A command for one person. The roster column `cell` shows when it waits for the cloud."""

    action: str
    words: StrOrPromise
    icon: str
    cell: str
    run: Callable[..., Entry]
    """A function that sends the command. It gets the access, and the person as `participant`."""


def _media_of_many(device: Device, whom: Whom, *, on: bool = False) -> Callable[[ClassAccess], Entry]:
    return partial(media.set_media_of_many, device=device, on=on, whom=whom)


def _tool(tool: Tool, *, on: bool) -> Callable[[ClassAccess], Entry]:
    return partial(classroom_tools.set_tool, tool=tool, on=on)


_ON, _OFF = "tool.on", "tool.off"
# The keys are parts of addresses.
CLASS_COMMANDS: Final = {
    "mute-all": ClassCommand(
        action="class.microphones_off",
        words=gettext_lazy("Mute all"),
        icon="mic-off",
        run=_media_of_many(Device.MICROPHONE, Whom.STUDENTS),
    ),
    "mute-off-stage": ClassCommand(
        action="class.microphones_off",
        words=gettext_lazy("Mute all who are not on stage"),
        icon="mic-off",
        run=_media_of_many(Device.MICROPHONE, Whom.OFF_STAGE),
    ),
    "cameras-off": ClassCommand(
        action="class.cameras_off",
        words=gettext_lazy("Turn all cameras off"),
        icon="video-off",
        run=_media_of_many(Device.CAMERA, Whom.STUDENTS),
    ),
    "mute-chat": ClassCommand(
        action="chat.mute",
        words=gettext_lazy("Mute chat"),
        icon="message-square-off",
        run=partial(messages.mute_class_chat, muted=True),
    ),
    "allow-chat": ClassCommand(
        action="chat.unmute",
        words=gettext_lazy("Unmute chat"),
        icon="message-square",
        run=partial(messages.mute_class_chat, muted=False),
    ),
    "lower-hands": ClassCommand(
        action="stage.lower_hands",
        words=gettext_lazy("Lower all hands"),
        icon="arrow-down",
        run=stage.lower_all_hands,
    ),
    "close-hands": ClassCommand(
        action="stage.close_hands",
        words=gettext_lazy("Disable raising hands"),
        icon="ban",
        run=partial(stage.open_hands, opened=False),
    ),
    "open-hands": ClassCommand(
        action="stage.open_hands",
        words=gettext_lazy("Allow raising hands"),
        icon="hand",
        run=partial(stage.open_hands, opened=True),
    ),
    "clear-stage": ClassCommand(
        action="stage.clear",
        words=gettext_lazy("Clear the stage"),
        icon="presentation",
        run=stage.clear_stage,
    ),
    "whiteboard-on": ClassCommand(
        action=_ON,
        words=gettext_lazy("Turn whiteboard on"),
        icon="presentation",
        run=_tool(Tool.WHITEBOARD, on=True),
    ),
    "whiteboard-off": ClassCommand(
        action=_OFF,
        words=gettext_lazy("Turn whiteboard off"),
        icon="presentation",
        run=_tool(Tool.WHITEBOARD, on=False),
    ),
    "chat-on": ClassCommand(
        action=_ON,
        words=gettext_lazy("Turn chat on"),
        icon="message-square",
        run=_tool(Tool.CHAT, on=True),
    ),
    "chat-off": ClassCommand(
        action=_OFF,
        words=gettext_lazy("Turn chat off"),
        icon="message-square-off",
        run=_tool(Tool.CHAT, on=False),
    ),
    "timer-on": ClassCommand(
        action=_ON, words=gettext_lazy("Turn timer on"), icon="timer", run=_tool(Tool.TIMER, on=True)
    ),
    "timer-off": ClassCommand(
        action=_OFF, words=gettext_lazy("Turn timer off"), icon="timer", run=_tool(Tool.TIMER, on=False)
    ),
    "stop-carousel": ClassCommand(
        action="tool.stop_carousel",
        words=gettext_lazy("Stop stage rotation"),
        icon="square",
        run=classroom_tools.stop_carousel,
    ),
    "stop-video-wall": ClassCommand(
        action="tool.stop_video_wall",
        words=gettext_lazy("Turn off video wall"),
        icon="square",
        run=classroom_tools.stop_video_wall,
    ),
    "pause-countdown": ClassCommand(
        action="countdown.pause",
        words=gettext_lazy("Pause countdown"),
        icon="pause",
        run=countdown.pause_countdown,
    ),
    "continue-countdown": ClassCommand(
        action="countdown.continue",
        words=gettext_lazy("Resume countdown"),
        icon="play",
        run=countdown.continue_countdown,
    ),
    "stop-countdown": ClassCommand(
        action="countdown.stop",
        words=gettext_lazy("Stop countdown"),
        icon="square",
        run=countdown.stop_countdown,
    ),
}

# The keys are the names of buttons, in the dialog of a person and in the rows of the roster.
PERSON_COMMANDS: Final = {
    "mute": PersonCommand(
        action="participant.microphone_off",
        words=gettext_lazy("Mute"),
        icon="mic-off",
        cell="mic",
        run=partial(media.set_media, device=Device.MICROPHONE, on=False),
    ),
    "unmute": PersonCommand(
        action="participant.microphone_on",
        words=gettext_lazy("Unmute"),
        icon="mic",
        cell="mic",
        run=partial(media.set_media, device=Device.MICROPHONE, on=True),
    ),
    "camera_off": PersonCommand(
        action="participant.camera_off",
        words=gettext_lazy("Turn camera off"),
        icon="video-off",
        cell="cam",
        run=partial(media.set_media, device=Device.CAMERA, on=False),
    ),
    "camera_on": PersonCommand(
        action="participant.camera_on",
        words=gettext_lazy("Turn camera on"),
        icon="video",
        cell="cam",
        run=partial(media.set_media, device=Device.CAMERA, on=True),
    ),
    "stage_on": PersonCommand(
        action="participant.stage_on",
        words=gettext_lazy("Bring on stage"),
        icon="presentation",
        cell="stage",
        run=stage.bring_on_stage,
    ),
    "stage_off": PersonCommand(
        action="participant.stage_off",
        words=gettext_lazy("Take off stage"),
        icon="presentation",
        cell="stage",
        run=stage.take_off_stage,
    ),
    "lower_hand": PersonCommand(
        action="participant.lower_hand",
        words=gettext_lazy("Lower hand"),
        icon="arrow-down",
        cell="hand",
        run=stage.lower_hand,
    ),
    "mute_chat": PersonCommand(
        action="participant.mute_chat",
        words=gettext_lazy("Mute in chat"),
        icon="message-square-off",
        cell="chat",
        run=partial(messages.mute_chat_of, muted=True),
    ),
    "allow_chat": PersonCommand(
        action="participant.unmute_chat",
        words=gettext_lazy("Unmute in chat"),
        icon="message-square",
        cell="chat",
        run=partial(messages.mute_chat_of, muted=False),
    ),
    "stop_screen": PersonCommand(
        action="participant.stop_screen",
        words=gettext_lazy("Stop screen sharing"),
        icon="screen-share-off",
        cell="stage",
        run=classroom_tools.stop_screen_share,
    ),
}
CELLS: Final[Mapping[str, str]] = {one.action: one.cell for one in PERSON_COMMANDS.values()}
"""The roster columns that show waiting commands, by the command's name in the audit log."""


def commands_of(person: Participant) -> list[str]:
    """Return the names of the commands that make sense for a person in this state."""
    if not person.online:
        return []
    names = [
        "mute" if person.microphone_on else "unmute",
        "camera_off" if person.camera_on else "camera_on",
        "stage_off" if person.on_stage else "stage_on",
    ]
    if person.hand_raised:
        names.append("lower_hand")
    if person.role != Role.TEACHER:
        names.append("allow_chat" if person.is_chat_muted else "mute_chat")
    return [*names, "stop_screen"] if person.sharing_screen else names
