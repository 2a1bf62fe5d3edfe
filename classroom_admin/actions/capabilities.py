"""Remember which commands the Agora project offers, and immediately refuse those that it does not offer.

Some calls are known only from the vendor's client, and some projects do not offer them. In that case the
cloud answers 401, 405, 403 without a known code or 404 without any code, while a plain read still works.
`actions.capability_tests` tests such calls again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import Capability
from classroom_admin.agora import classroom_calls as classroom
from classroom_admin.agora import media_calls as media
from classroom_admin.agora import widget_calls as widgets
from classroom_admin.agora.call import CloudCall
from classroom_admin.agora.calls import ReadRoom
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, PathNotFound, RoomNotFound, Unauthorized
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import capitalised
from classroom_admin.common.problems import Problem

if TYPE_CHECKING:
    from datetime import datetime

Offered = Capability.Offered
READ_S: Final = 5.0
_NO_SUCH_METHOD: Final = 405
_FORBIDDEN: Final = 403
_LOWEST_BUSINESS_CODE: Final = 1000
"""The lower limit of business codes (eight digits). Some responses repeat the HTTP status as their code."""
_LONGEST_SAID: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A capability: the audit actions that need it, and a call that tests it.

    ``probe`` takes the id of a room that does not exist and returns the call. The call changes nothing.
    """

    actions: tuple[str, ...]
    probe: Callable[[str], CloudCall[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityRow:
    """What is known about one capability. ``tried_at`` is None before the first try."""

    name: str
    offered: str
    tried_at: datetime | None = None
    said: str = ""

    @property
    def label(self) -> str:
        """Return the capability in the active language."""
        return label_of(self.name)


_ID: Final = "capability-test"
KINDS: Final[dict[str, Kind]] = {
    "mute_person": Kind(
        actions=(
            "participant.microphone_off",
            "participant.microphone_on",
            "participant.camera_off",
            "participant.camera_on",
        ),
        probe=lambda room: media.PutStream(room_uuid=room, user_uuid=_ID, stream_uuid=_ID, audio_state=0),
    ),
    "mute_many": Kind(
        actions=("class.microphones_off", "class.microphones_on", "class.cameras_off", "class.cameras_on"),
        probe=lambda room: media.PutStreams(
            room_uuid=room, streams=[{"userUuid": _ID, "streamUuid": _ID, "audioState": 0}]
        ),
    ),
    "block_publishing": Kind(
        actions=("participant.block_publishing",),
        probe=lambda room: media.BlockPublishing(
            room_uuid=room,
            stream_number=1,
            seconds=10,
            privileges=media.PRIVILEGES,
            app_id=settings.AGORA.app_id,
        ),
    ),
    "mute_chat": Kind(
        actions=("chat.mute", "chat.unmute"),
        probe=lambda room: classroom.MuteRoomChat(room_uuid=room, mute_chat=0),
    ),
    "announce": Kind(
        actions=("chat.announce",),
        probe=lambda room: classroom.Announce(room_uuid=room, text="test"),
    ),
    "message_person": Kind(
        actions=("participant.message",),
        probe=lambda room: classroom.MessagePerson(room_uuid=room, user_uuid=_ID, text="test", sender={}),
    ),
    "stage": Kind(
        actions=("participant.stage_on", "participant.stage_off", "stage.clear"),
        probe=lambda room: classroom.PutOnStage(room_uuid=room, user_uuid=_ID),
    ),
    "lower_hands": Kind(
        actions=("participant.lower_hand", "stage.lower_hands"),
        probe=lambda room: classroom.LowerHand(room_uuid=room, user_uuid=_ID),
    ),
    "open_hands": Kind(
        actions=("stage.open_hands", "stage.close_hands"),
        probe=lambda room: classroom.OpenHands(room_uuid=room, state=0),
    ),
    "rewards": Kind(
        actions=("participant.reward", "rewards.give"),
        probe=lambda room: classroom.GiveRewards(
            room_uuid=room, reward_details=[{"userUuid": _ID, "changeReward": 1}]
        ),
    ),
    "stop_screen": Kind(
        actions=("participant.stop_screen",),
        probe=lambda room: classroom.StopScreen(room_uuid=room, user_uuid=_ID),
    ),
    "carousel": Kind(
        actions=("tool.stop_carousel",),
        probe=lambda room: classroom.StopCarousel(room_uuid=room),
    ),
    "video_wall": Kind(
        actions=("tool.stop_video_wall",),
        probe=lambda room: classroom.StopVideoWall(room_uuid=room),
    ),
    "move_in_groups": Kind(
        actions=("groups.move",),
        probe=lambda room: classroom.MoveInGroups(room_uuid=room, user_uuid=_ID, into=_ID),
    ),
    "rename_group": Kind(
        actions=("groups.rename",),
        probe=lambda room: classroom.RenameGroup(room_uuid=room, group_uuid=_ID, group_name="test"),
    ),
    "close_group": Kind(
        actions=("groups.close_one",),
        probe=lambda room: classroom.RemoveGroups(room_uuid=room, group_uuids=[_ID]),
    ),
    "widgets": Kind(
        actions=("tool.on", "tool.off"),
        probe=lambda room: widgets.SetWidget(room_uuid=room, widget_uuid=_ID, state=0),
    ),
    "quiz": Kind(
        actions=("quiz.start", "quiz.stop"),
        probe=lambda room: widgets.StartQuiz(room_uuid=room, items=["A", "B"], correct_items=["A"]),
    ),
    "poll": Kind(
        actions=("poll.start", "poll.stop"),
        probe=lambda room: widgets.StartPoll(room_uuid=room, mode=1, items=["A", "B"]),
    ),
    "countdown": Kind(
        actions=("countdown.start", "countdown.pause", "countdown.continue", "countdown.stop"),
        probe=lambda room: widgets.StartCountdown(room_uuid=room, seconds=1),
    ),
}


def new_probe_room() -> str:
    """Return the id of a room that does not exist."""
    return f"{_ID}-{secrets.token_hex(12)}"


def capabilities() -> list[CapabilityRow]:
    """Return what is known about every capability, in the order of `KINDS`."""
    known = {row.name: row for row in Capability.objects.filter(name__in=KINDS)}
    return [row_of(name, known.get(name)) for name in KINDS]


def label_of(name: str) -> str:
    """Return the label of a capability in the active language."""
    return capitalised(_words(name))


def row_of(name: str, known: Capability | None) -> CapabilityRow:
    """Return the capability ``name`` for display."""
    if known is None:
        return CapabilityRow(name=name, offered=Offered.UNKNOWN)
    return CapabilityRow(
        name=name,
        offered=known.offered,
        tried_at=known.tried_at,
        said=known.said,
    )


def not_offered(actions: Iterable[str] | None = None) -> dict[str, Problem]:
    """Return a problem for each action that the project does not offer.

    The keys are the names of actions in the audit log. If ``actions`` is given, only check these.
    """
    asked = None if actions is None else set(actions)
    missing = Capability.objects.filter(name__in=KINDS, offered=Offered.NO)
    return {
        action: _refusal(row)
        for row in missing
        for action in KINDS[row.name].actions
        if asked is None or action in asked
    }


def require_offered(call: CloudCall[Any]) -> None:
    """Raise ``ActionRefused`` if the project is known not to offer ``call``."""
    if not call.capability:
        return
    missing = Capability.objects.filter(name=call.capability, offered=Offered.NO).first()
    if missing is not None:
        raise ActionRefused(_refusal(missing))


def learn_offered(call: CloudCall[Any]) -> None:
    """Remember that the project offers a call."""
    if not call.capability:
        return
    if not Capability.objects.filter(name=call.capability, offered=Offered.YES).exists():
        remember(call.capability, Offered.YES)


def learn_refused(
    cloud: Client, call: CloudCall[Any], error: CloudError, *, room_uuid: str
) -> Problem | None:
    """Return a problem if ``error`` means that the project does not offer the call. Remember this.

    Otherwise return None. A wrong token or address causes the same errors, so a read of a room tests the
    connection first. The error may also be about this class or an object in the path, such as a deleted quiz.
    So the test call must get such an error, too. Also return a problem if the customer id or secret is wrong,
    but remember nothing.
    """
    if not call.capability or not means_missing(error):
        return None
    if call.customer and isinstance(error, Unauthorized):
        return Problem("customer_rejected")
    is_test = room_uuid.startswith(_ID)
    if not _plain_read_works(cloud, room_uuid) or (not is_test and _test_call_works(cloud, call)):
        return None
    row = remember(call.capability, Offered.NO, said=str(error))
    return Problem("not_offered_by_cloud", _facts(row))


def means_missing(error: CloudError) -> bool:
    """Return whether an error may mean that the project does not offer the call."""
    if error.code is not None and error.code > _LOWEST_BUSINESS_CODE:
        return False
    return isinstance(error, PathNotFound | Unauthorized) or error.http_status in (
        _FORBIDDEN,
        _NO_SUCH_METHOD,
    )


def remember(name: str, offered: str, *, said: str = "") -> Capability:
    """Store what is now known about a capability."""
    row, _is_new = Capability.objects.update_or_create(
        name=name,
        defaults={"offered": offered, "tried_at": clock.now(), "said": said[:_LONGEST_SAID]},
    )
    return row


def problems_of(names: Sequence[str]) -> dict[str, Problem]:
    """Return a problem for each capability in ``names`` that is not offered, by capability name."""
    return {row.name: _refusal(row) for row in Capability.objects.filter(name__in=names, offered=Offered.NO)}


def _plain_read_works(cloud: Client, room_uuid: str) -> bool:
    try:
        cloud.send(ReadRoom(room_uuid=room_uuid), deadline_s=READ_S)
    except RoomNotFound:
        return True
    except CloudError:
        return False
    return True


def _test_call_works(cloud: Client, call: CloudCall[Any]) -> bool:
    """Return whether the test call gets another answer, so that the error is about what the call names."""
    try:
        cloud.send(KINDS[call.capability].probe(new_probe_room()), deadline_s=READ_S)
    except CloudError as again:
        return not means_missing(again)
    return True


def _refusal(row: Capability) -> Problem:
    return Problem("not_offered", _facts(row))


def _facts(row: Capability) -> dict[str, Any]:
    return {
        "what": _words(row.name),
        "day": "" if row.tried_at is None else row.tried_at.date().isoformat(),
    }


def _words(name: str) -> Problem:
    return Problem(f"capability_{name}")
