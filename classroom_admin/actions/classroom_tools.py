"""Commands that turn the tools of a classroom on and off: whiteboard, chat, timer, screens, video wall."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions import runner
from classroom_admin.actions.effects import STREAMS, read_back
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.actions.targets import require_in_class
from classroom_admin.agora.classroom_calls import StopCarousel, StopScreen, StopVideoWall
from classroom_admin.agora.widget_calls import SetWidget
from classroom_admin.audit.models import Entry
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.events.streams import SCREEN
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant


class Tool(TextChoices):
    """Classroom tools that can be turned on and off. The values are the cloud's names."""

    WHITEBOARD = "netlessBoard", _("whiteboard")
    CHAT = "easemobIM", _("chat")
    TIMER = "countdownTimer", _("timer")


def is_on(access: ClassAccess, tool: Tool) -> bool | None:
    """Return whether a tool is on, or None if no event has reported this."""
    widgets = access.room.properties.get("widgets")
    widget = widgets.get(tool) if isinstance(widgets, dict) else None
    state = widget.get("state") if isinstance(widget, dict) else None
    return None if state is None else str(state) == "1"


def set_tool(access: ClassAccess, *, tool: Tool, on: bool) -> Entry:
    """Turn a tool on or off. An event about the tool confirms the command.

    If the tool is already in this state, a read confirms the command.
    """
    action = "tool.on" if on else "tool.off"
    command = Command(
        action=action,
        target=str(tool),
        target_name=str(tool.label),
        call=valid(SetWidget, room_uuid=access.room.room_uuid, widget_uuid=str(tool), state=int(on)),
        confirmed_by=widget_event(str(tool), on=on),
        read_back=read_back(access, action, target=str(tool)) if is_on(access, tool) is on else None,
    )
    return runner.run(access, command)


def stop_screen_share(access: ClassAccess, *, participant: Participant) -> Entry:
    """End the screen sharing of a person. An event about the screen stream confirms the command.

    Raise ``ActionRefused`` if the person does not share a screen.
    """
    require_in_class(access, participant, present=False)
    if not participant.sharing_screen:
        raise ActionRefused(Problem("not_sharing"))
    screens = [
        str(stream_uuid)
        for stream_uuid, stream in participant.streams.items()
        if stream.get("video_source") == SCREEN
    ]
    command = Command(
        action="participant.stop_screen",
        target=participant.user_uuid,
        target_name=participant.name,
        params={STREAMS: screens} if screens else {},
        call=valid(StopScreen, room_uuid=access.room.room_uuid, user_uuid=participant.user_uuid),
        confirmed_by=Confirms(
            event=EventKind.STREAM,
            match={"screen_of": participant.user_uuid},
            also=(_event("screen"),),
        ),
    )
    return runner.run(access, command)


def stop_carousel(access: ClassAccess) -> Entry:
    """Stop the carousel, which shows the students in turn.

    A change of the property `carousel` confirms this.
    """
    command = Command(
        action="tool.stop_carousel",
        target_name=access.room.name,
        call=valid(StopCarousel, room_uuid=access.room.room_uuid),
        confirmed_by=_event("carousel"),
    )
    return runner.run(access, command)


def stop_video_wall(access: ClassAccess) -> Entry:
    """Turn off the video wall. A change of the property `expandedScope` confirms the command."""
    command = Command(
        action="tool.stop_video_wall",
        target_name=access.room.name,
        call=valid(StopVideoWall, room_uuid=access.room.room_uuid),
        confirmed_by=_event("expandedScope"),
    )
    return runner.run(access, command)


def widget_event(name: str, *, on: bool) -> Confirms:
    """Return the event that reports that a widget was turned on or off."""
    return Confirms(
        event=EventKind.ROOM_PROPERTIES, match={"path": ["widgets", name, "state"], "value": int(on)}
    )


def _event(name: str) -> Confirms:
    return Confirms(event=EventKind.ROOM_PROPERTIES, match={"path": [name, "state"], "value": 0})
