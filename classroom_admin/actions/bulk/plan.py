"""What one command means for one class: it will be done, or there is nothing to do, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from classroom_admin.rooms.models import Recording, Room, RoomState


class What(TextChoices):
    """What can be done to many classes at once."""

    END = "end", gettext_lazy("End classes")
    CLOSE = "close", gettext_lazy("Close classes")
    RECORD = "record", gettext_lazy("Start recording")


class Skip(TextChoices):
    """Why there is nothing to do for a class."""

    NOT_STARTED = "not_started", gettext_lazy("The class has not started, so it can't be ended.")
    NOT_RUNNING = "not_running", gettext_lazy("The class is not running, so it can't be recorded.")
    ENDED = "ended", gettext_lazy("The class has already ended.")
    CLOSED = "closed", gettext_lazy("The class is already closed.")
    GONE = "gone", gettext_lazy("The cloud no longer has this class.")
    RECORDING = "recording", gettext_lazy("The class is already being recorded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`skip`: a value of `Skip`, "" where the command will be sent. `words`: what will happen, or why not."""

    skip: str
    words: str

    @property
    def will(self) -> bool:
        return not self.skip


def plan(what: str, room: Room) -> Plan:
    """What `what` means for `room` as it stands now."""
    skip = _skip(what, room)
    return Plan(skip=skip, words=str(Skip(skip).label) if skip else _WORDS[What(what)](room))


def _skip(what: str, room: Room) -> str:
    state = room.current_state
    if room.gone_at is not None:
        return Skip.GONE
    if state == RoomState.CLOSED:
        return Skip.CLOSED
    if what == What.CLOSE:
        return ""
    if what == What.RECORD:
        if state != RoomState.STARTED:
            return Skip.NOT_RUNNING
        return Skip.RECORDING if room.recording_state == Recording.State.RECORDING else ""
    if state == RoomState.ENDED:
        return Skip.ENDED
    return "" if state == RoomState.STARTED else Skip.NOT_STARTED


def _ends(room: Room) -> str:
    if not room.people_online:
        return _("Ends now. No one is present.")
    words = ngettext(
        "Ends now. The person present may stay until the class closes.",
        "Ends now. The %(count)d people present may stay until the class closes.",
        room.people_online,
    )
    return words % {"count": room.people_online}


def _closes(room: Room) -> str:
    if not room.people_online:
        return _("Closes permanently. No one is present.")
    words = ngettext(
        "Closes permanently. The person present is sent out.",
        "Closes permanently. The %(count)d people present are sent out.",
        room.people_online,
    )
    return words % {"count": room.people_online}


def _records(room: Room) -> str:
    return _("Records the teacher's video and audio from now on.")


_WORDS: Final = {What.END: _ends, What.CLOSE: _closes, What.RECORD: _records}
