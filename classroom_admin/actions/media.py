"""Commands about the cameras and microphones of people in a class."""

from collections.abc import Collection, Iterator
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions import runner
from classroom_admin.actions.effects import PRIVILEGE, STREAMS, read_back
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.actions.targets import require_in_class
from classroom_admin.agora.media_calls import BlockPublishing, PutStream, PutStreams
from classroom_admin.audit.models import Entry
from classroom_admin.common.chunks import chunks
from classroom_admin.common.numbers import parsed
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.events.streams import SCREEN
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant, Role

STREAMS_AT_ONCE: Final = 50
LONGEST_BLOCK_MINUTES: Final = 1440


class Device(TextChoices):
    """The device that a command turns on or off."""

    MICROPHONE = "microphone", _("microphone")
    CAMERA = "camera", _("camera")


class Whom(TextChoices):
    """The people to whom a command applies. Only `CHOSEN` can include teachers and assistants."""

    STUDENTS = "students", _("all students")
    OFF_STAGE = "off_stage", _("all students who are not on stage")
    CHOSEN = "chosen", _("the selected people")


_STATE: Final = {Device.MICROPHONE: "audioState", Device.CAMERA: "videoState"}
_IS_ON: Final = {Device.MICROPHONE: "audio_on", Device.CAMERA: "video_on"}


def set_media(access: ClassAccess, *, participant: Participant, device: Device, on: bool) -> Entry:
    """Turn a person's microphone or camera on or off, in each of their streams.

    The event about the last stream (40, 41) confirms the command. If the device is already in this state, a
    read confirms it. Raise ``ActionRefused`` if the person is away or has no stream.
    """
    require_in_class(access, participant)
    own = _streams_of(participant)
    streams = [stream for stream in own if participant.streams[stream].get(_IS_ON[device]) is not on]
    is_known = not streams
    streams = streams or own[:1]
    action = f"participant.{device}_{'on' if on else 'off'}"
    params = {STREAMS: streams}
    calls = [
        valid(
            PutStream,
            room_uuid=access.room.room_uuid,
            user_uuid=participant.user_uuid,
            stream_uuid=stream,
            audio_state=int(on) if device == Device.MICROPHONE else None,
            video_state=int(on) if device == Device.CAMERA else None,
        )
        for stream in streams
    ]
    command = Command(
        action=action,
        target=participant.user_uuid,
        target_name=participant.name,
        params=params,
        call=calls[0],
        then=tuple(calls[1:]),
        confirmed_by=Confirms(event=EventKind.STREAM, match=_match(streams[-1], device, on)),
        read_back=read_back(access, action, params=params) if is_known else None,
    )
    return runner.run(access, command)


def set_media_of_many(
    access: ClassAccess, *, device: Device, on: bool, whom: Whom, chosen: Collection[str] = ()
) -> Entry:
    """Turn the microphones or the cameras of many people on or off.

    Each call has at most ``STREAMS_AT_ONCE`` streams. A read of the cloud or the event about the last stream
    confirms the command. ``chosen`` has the cloud user ids for `Whom.CHOSEN`. Raise ``ActionRefused`` if
    there is no stream to change.
    """
    streams = list(_streams_to_change(access, device=device, on=on, whom=whom, chosen=chosen))
    if not streams:
        raise ActionRefused(Problem("nobody_to_change"))
    state = {_STATE[device]: int(on)}
    calls = [
        valid(
            PutStreams,
            room_uuid=access.room.room_uuid,
            streams=[{"userUuid": user, "streamUuid": stream, **state} for user, stream in some],
        )
        for some in chunks(streams, STREAMS_AT_ONCE)
    ]
    action = f"class.{device}s_{'on' if on else 'off'}"
    params: dict[str, Any] = {
        "whom": str(whom),
        "people": len({user for user, _stream in streams}),
        STREAMS: [stream for _user, stream in streams],
    }
    command = Command(
        action=action,
        target_name=access.room.name,
        params=params,
        same_as={"whom": str(whom), "chosen": sorted(chosen)},
        call=calls[0],
        then=tuple(calls[1:]),
        confirmed_by=Confirms(event=EventKind.STREAM, match=_match(streams[-1][1], device, on)),
        read_back=read_back(access, action, params=params),
        shows_by_itself=False,
    )
    return runner.run(access, command)


def can_block_publishing() -> bool:
    """Return whether a person's streams can be blocked. This needs the customer id and secret."""
    return bool(settings.AGORA.customer_id and settings.AGORA.customer_secret)


def block_publishing(
    access: ClassAccess,
    *,
    participant: Participant,
    minutes: int,
    microphone: bool = True,
    camera: bool = True,
) -> Entry:
    """Block a person's microphone, camera or both for 1 to 1440 minutes.

    A read of the cloud's rules confirms the command. Raise ``ActionRefused`` if the customer id and secret
    are not set, if an argument is invalid, or if the person is not in the class.
    """
    if not can_block_publishing():
        raise ActionRefused(Problem("customer_missing"))
    require_in_class(access, participant)
    blocked = _blocked(minutes, microphone=microphone, camera=camera)
    numbers = [number for stream in _streams_of(participant) if (number := parsed(stream)) is not None]
    if not numbers:
        raise ActionRefused(Problem("no_stream"))
    action = "participant.block_publishing"
    params = {
        "minutes": minutes,
        "what": [str(device) for device in blocked],
        STREAMS: [str(number) for number in numbers],
    }
    calls = [
        valid(
            BlockPublishing,
            room_uuid=access.room.room_uuid,
            stream_number=number,
            seconds=minutes * 60,
            privileges=[PRIVILEGE[device] for device in blocked],
            app_id=settings.AGORA.app_id,
        )
        for number in numbers
    ]
    command = Command(
        action=action,
        target=participant.user_uuid,
        target_name=participant.name,
        params=params,
        call=calls[0],
        then=tuple(calls[1:]),
        read_back=read_back(access, action, params=params),
    )
    return runner.run(access, command)


def _blocked(minutes: int, *, microphone: bool, camera: bool) -> list[Device]:
    """Return the devices to block. Raise ``ActionRefused`` if no device or an invalid time was chosen."""
    blocked = [
        device
        for device, is_chosen in ((Device.MICROPHONE, microphone), (Device.CAMERA, camera))
        if is_chosen
    ]
    if not blocked:
        raise ActionRefused(Problem("nothing_chosen"))
    if not 1 <= minutes <= LONGEST_BLOCK_MINUTES:
        raise ActionRefused(Problem("minutes_wrong", {"most": LONGEST_BLOCK_MINUTES}), field="minutes")
    return blocked


def _match(stream_uuid: str, device: Device, on: bool) -> dict[str, Any]:
    return {"stream_uuid": stream_uuid, _IS_ON[device]: on}


def _streams_of(participant: Participant) -> list[str]:
    """Return the ids of a person's streams, except shared screens. Raise ``ActionRefused`` if there are none.

    A person who has joined with two devices has two streams.
    """
    found = [
        str(stream_uuid)
        for stream_uuid, stream in participant.streams.items()
        if stream.get("video_source") != SCREEN
    ]
    if not found:
        raise ActionRefused(Problem("no_stream"), field="streamUuid")
    return found


def _streams_to_change(
    access: ClassAccess, *, device: Device, on: bool, whom: Whom, chosen: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield the user id and the stream id of each stream to turn on or off."""
    for participant in _people(access, whom, chosen).iterator():
        for stream_uuid, stream in participant.streams.items():
            if stream.get("video_source") != SCREEN and stream.get(_IS_ON[device]) is not on:
                yield participant.user_uuid, str(stream_uuid)


def _people(access: ClassAccess, whom: Whom, chosen: Collection[str]) -> QuerySet[Participant]:
    present = access.room.participants.filter(online=True).order_by("pk")
    if whom == Whom.CHOSEN:
        return present.filter(user_uuid__in=set(chosen))
    students = present.filter(role=Role.STUDENT)
    return students.filter(on_stage=False) if whom == Whom.OFF_STAGE else students
