"""Decode and project media streams (camera, microphone, screen). Cmd 40 has one stream, cmd 41 several."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType, data_of, latest_update_time
from classroom_admin.events.people import Person, gone, introduce, read_subject, touch
from classroom_admin.events.rows import ParticipantRow, Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import (
    SMALL,
    Raw,
    Undecodable,
    each,
    flag,
    identifier,
    name_text,
    whole,
)

ADDED, DELETED = 0, 2
SCREEN = 2


@dataclass(slots=True)
class StreamState:
    """A media stream. `video_source` is 0 (none), 1 (camera) or 2 (screen); `audio_source` is 0 or 1."""

    stream_uuid: str
    name: str | None = None
    video_source: int | None = None
    audio_source: int | None = None
    video_on: bool | None = None
    audio_on: bool | None = None


@dataclass(slots=True)
class StreamChange:
    person: Person
    stream: StreamState
    deleted: bool = False
    added: bool = False


@dataclass(slots=True)
class Streams:
    """The stream changes of an event. If `batch` is True, the event contained a list of streams."""

    changes: list[StreamChange]
    batch: bool = False


def read_stream(raw: Raw) -> StreamState | None:
    """Return the state of one stream, or None if it has no id."""
    stream_uuid = identifier(raw.get("streamUuid"))
    if stream_uuid is None:
        return None
    return StreamState(
        stream_uuid,
        name_text(raw.get("streamName")),
        whole(raw.get("videoSourceType"), SMALL),
        whole(raw.get("audioSourceType"), SMALL),
        flag(raw.get("videoState")),
        flag(raw.get("audioState")),
    )


def decode(data: Raw, odd: list[str]) -> Streams:
    """Decode one stream, or the list under `streams`. Entries inherit missing fields from the event's data.

    Raise Undecodable if a single stream lacks its id or its owner.
    """
    entries = data.get("streams")
    if entries is None:
        one = _change(data)
        if one is None:
            raise Undecodable("a stream without its id or its owner")
        return Streams([one])
    around = {key: value for key, value in data.items() if key != "streams"}
    return Streams(each(entries, lambda raw: _change({**around, **raw}), odd, "streams"), batch=True)


def _change(raw: Mapping[str, Any]) -> StreamChange | None:
    who, state = read_subject(raw), read_stream(raw)
    if who is None or state is None:
        return None
    action = whole(raw.get("action"))
    # In batches, the vendor's client may also mark a deleted stream with `state` 0.
    deleted = action == DELETED or (action is None and flag(raw.get("state")) is False)
    return StreamChange(who, state, deleted, action == ADDED)


def put_stream(row: ParticipantRow, stream: StreamState) -> None:
    """Update a person's stored stream. Keep the fields that the event does not contain."""
    known = dict(row.streams.get(stream.stream_uuid) or {})
    for name in ("name", "video_source", "audio_source", "video_on", "audio_on"):
        value = getattr(stream, name)
        if value is not None:
            known[name] = value
    row.streams[stream.stream_uuid] = known


def derive_devices(row: ParticipantRow) -> None:
    """Set whether a person's camera, microphone and shared screen are on, according to their streams.

    If no event named a stream's source, assume that the stream is a camera and a microphone.
    """
    camera = microphone = screen = False
    for stream in row.streams.values():
        source = stream.get("video_source")
        if source == SCREEN:
            screen = screen or stream.get("video_on", True)
        elif source != 0:
            camera = camera or stream.get("video_on", False)
        if stream.get("audio_source") != 0:
            microphone = microphone or stream.get("audio_on", False)
    row.camera_on, row.microphone_on, row.sharing_screen = camera, microphone, screen


def apply(event: Event[Streams], time: EventTime, rows: Rows) -> None:
    """Change the streams of people. If a person has left, ignore streams that are still reported for them."""
    for change in event.data.changes:
        row = introduce(rows, change.person)
        if change.deleted:
            if row.streams.pop(change.stream.stream_uuid, None) is None:
                continue
        elif gone(row):
            continue
        else:
            put_stream(row, change.stream)
        derive_devices(row)
        touch(rows, row)


def sentence(data: Streams, names: Names) -> Sentence:
    if data.batch:
        names.concern(change.person for change in data.changes)
        return "video", _("Cameras or microphones changed")
    (change,) = data.changes
    screen = change.stream.video_source == SCREEN
    if change.added:
        words = (
            _("%(who)s started sharing the screen")
            if screen
            else _("%(who)s turned on the camera or microphone")
        )
    elif change.deleted:
        words = (
            _("%(who)s stopped sharing the screen")
            if screen
            else _("%(who)s turned off the camera and microphone")
        )
    else:
        words = (
            _("%(who)s changed their screen-sharing settings")
            if screen
            else _("%(who)s changed the camera or microphone")
        )
    return "screen-share" if screen else "video", words % {"who": names.who(change.person)}


TYPES = (
    EventType(
        kinds=(EventKind.STREAM, EventKind.STREAM_BATCH),
        fields=partial(data_of, batch=EventKind.STREAM_BATCH, list_as="streams"),
        decode=decode,
        own_time=lambda data, fields: latest_update_time(fields, "streams"),
        needs=lambda event, needed: needed.participants.update(
            change.person.user_uuid for change in event.data.changes
        ),
        apply=apply,
        sentence=sentence,
        name="camera",
        label=gettext_lazy("Cameras, microphones, screens"),
    ),
)
