"""Decode and project media streams (camera, microphone, screen). Cmd 40 has one stream, cmd 41 several.

A camera is on if it is published (`videoState`) and its device runs (`videoSourceState`); an event may have
only one of these. The cloud's documents and client disagree about `action`: 3 always deletes the stream, 2
deletes it if the event contains no state, and every other event updates it. The property `screen` also says
who shares the screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType, Match, data_of, latest_update_time
from classroom_admin.events.people import Person, gone, introduce, participant, read_subject, touch
from classroom_admin.events.property_changes import Applied, Change, PropertyTopic, below
from classroom_admin.events.rows import Needs, ParticipantRow, Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import (
    SMALL,
    Json,
    Raw,
    Undecodable,
    each,
    flag,
    identifier,
    name_text,
    whole,
)

ADDED, DELETED_OR_UPDATED, DELETED = 0, 2, 3
SCREEN = 2
STARTED = 1
"""The state of a device that runs. 0 means that the device is stopped, and 2 that it has an error."""
ROOT: Final = "screen"
NAMELESS: Final = "screen"
"""The id of a shared screen whose stream has no id."""
STATES: Final = ("videoState", "audioState", "videoSourceState", "audioSourceState")


@dataclass(slots=True)
class StreamState:
    """A media stream. `video_source` is 0 (none), 1 (camera) or 2 (screen). `audio_source` is 0 or 1.

    `video_on` and `audio_on` say what is published. `video_device` and `audio_device` say which device runs.
    """

    stream_uuid: str
    name: str | None = None
    video_source: int | None = None
    audio_source: int | None = None
    video_on: bool | None = None
    audio_on: bool | None = None
    video_device: bool | None = None
    audio_device: bool | None = None


@dataclass(slots=True)
class StreamChange:
    person: Person
    stream: StreamState
    deleted: bool = False
    added: bool = False


@dataclass(slots=True)
class Streams:
    """The stream changes of an event. If `batch` is True, the event contained a list of streams.

    If `subscriptions` is True, the event says who receives which streams. Such an event changes no row.
    """

    changes: list[StreamChange]
    batch: bool = False
    subscriptions: bool = False


def event_fields(raw: Raw) -> Raw:
    """Return the event's data with its `cmd`."""
    if str(raw.get("cmd")) == str(EventKind.SUBSCRIPTIONS.cmd):
        return {"cmd": EventKind.SUBSCRIPTIONS.cmd}
    return data_of(raw, batch=EventKind.STREAM_BATCH, list_as="streams")


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
        _runs(raw.get("videoSourceState")),
        _runs(raw.get("audioSourceState")),
    )


def _runs(value: object) -> bool | None:
    state = whole(value, SMALL)
    return None if state is None else state == STARTED


def decode(data: Raw, odd: list[str]) -> Streams:
    """Decode one stream, or the list under `streams`. Items inherit missing fields from the event's data.

    Raise Undecodable if a single stream lacks its id or its owner.
    """
    if data.get("cmd") == EventKind.SUBSCRIPTIONS.cmd:
        return Streams([], batch=True, subscriptions=True)
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
    has_states = any(raw.get(name) is not None for name in STATES)
    # In batches, the vendor's client may also mark a deleted stream with `state` 0.
    deleted = (
        action == DELETED
        or (action == DELETED_OR_UPDATED and not has_states)
        or (action is None and flag(raw.get("state")) is False)
    )
    return StreamChange(who, state, deleted, action == ADDED)


COLUMNS: Final = (
    "name",
    "video_source",
    "audio_source",
    "video_on",
    "audio_on",
    "video_device",
    "audio_device",
)


def put_stream(row: ParticipantRow, stream: StreamState) -> None:
    """Update a person's stored stream. Fields that are missing in the event do not change."""
    known = dict(row.streams.get(stream.stream_uuid) or {})
    for name in COLUMNS:
        value = getattr(stream, name)
        if value is not None:
            known[name] = value
    row.streams[stream.stream_uuid] = known


def derive_devices(row: ParticipantRow) -> None:
    """Set whether a person's camera, microphone and shared screen are on, according to their streams.

    A stream of unknown source counts as a camera and a microphone.
    """
    camera = microphone = screen = False
    for stream in row.streams.values():
        source = stream.get("video_source")
        if source == SCREEN:
            screen = screen or _is_on(stream, "video", True)
        elif source != 0:
            camera = camera or _is_on(stream, "video", False)
        if stream.get("audio_source") != 0:
            microphone = microphone or _is_on(stream, "audio", False)
    row.camera_on, row.microphone_on, row.sharing_screen = camera, microphone, screen


def _is_on(stream: Mapping[str, Any], medium: str, unknown: bool) -> bool:
    """Return whether video or audio is published and its device runs.

    If neither is known, return `unknown`.
    """
    states = [stream[name] for name in (f"{medium}_on", f"{medium}_device") if name in stream]
    return all(states) if states else unknown


def apply(event: Event[Streams], time: EventTime, rows: Rows) -> None:
    """Change the streams of people. Streams of people who have left are ignored."""
    people = {change.person.user_uuid for change in event.data.changes}
    before = _sharing(people, rows)
    _apply(event.data.changes, rows)
    only_screens = bool(people) and all(_is_screen(change.stream) for change in event.data.changes)
    event.repeats = only_screens and ROOT in rows.room.properties and before == _sharing(people, rows)


def _sharing(people: set[str], rows: Rows) -> set[str]:
    known = (rows.participants.get(user) for user in people)
    return {row.user_uuid for row in known if row is not None and row.sharing_screen}


def _is_screen(stream: StreamState) -> bool:
    return stream.video_source == SCREEN


def _apply(changes: list[StreamChange], rows: Rows) -> None:
    for change in changes:
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


def needs_screen(changes: list[Change], sequence: int, needed: Needs) -> None:
    needed.sharing = True
    needed.participants.update(user for change in changes if (user := _named(change, "userUuid")))


def _named(change: Change, name: str) -> str | None:
    """Return the id under `name` in a change of the property `screen`, or None."""
    if change.deleted:
        return None
    value = change.value if change.path == (ROOT, name) else below(change.value, name)
    return _id(value if len(change.path) < 3 else None)


def _id(value: Json) -> str | None:
    try:
        return identifier(value)
    except Undecodable:
        return None


def follow_screen(applied: Applied) -> bool:
    """Start or end a screen sharing after a change of `screen`. Return whether this changed anything.

    It starts only for a person in the event, because other rows may not be loaded.
    """
    rows, screen = applied.rows, applied.room.properties.get(ROOT)
    stream_uuid = _id(below(screen, "streamUuid")) or NAMELESS
    on, user = flag(below(screen, "state")) is not False, _id(below(screen, "userUuid"))
    sharer = user if on and user else None
    changed = False
    earlier, earlier_stream = _id(below(applied.before, "userUuid")), _id(below(applied.before, "streamUuid"))
    if earlier and (earlier != sharer or (earlier_stream or NAMELESS) != stream_uuid):
        changed = _stop(rows.participants.get(earlier), earlier_stream or NAMELESS, rows)
    if sharer and any(_named(change, "userUuid") == sharer for change in applied.changes):
        row = participant(rows, sharer)
        if not gone(row) and not row.sharing_screen:
            put_stream(row, StreamState(stream_uuid, video_source=SCREEN, video_on=True))
            derive_devices(row)
            touch(rows, row)
            changed = True
    return changed


def _stop(row: ParticipantRow | None, stream_uuid: str, rows: Rows) -> bool:
    """End a person's screen sharing. Return whether this changed anything."""
    if row is None or not row.sharing_screen:
        return False
    ended = row.streams.pop(stream_uuid, None)
    derive_devices(row)
    if ended is not None:
        touch(rows, row)
    return ended is not None and not row.sharing_screen


def screen_sentence(name: str, value: Json, names: Names) -> str:
    user = _id(below(value, "userUuid"))
    if flag(below(value, "state")) is False or value is None:
        return _("%(who)s stopped sharing the screen") % {"who": names.who(Person(user) if user else None)}
    return _("%(who)s started sharing the screen") % {"who": names.who(Person(user))} if user else ""


def sentence(data: Streams, names: Names) -> Sentence:
    if data.subscriptions:
        return "video", _("Some people now receive different cameras and microphones")
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


def confirms(data: Streams, match: Match) -> bool:
    """Return whether the event reports the state in `match` for a stream, or the end of a shared screen.

    `match` is {"stream_uuid": id, "audio_on" or "video_on": bool} or {"screen_of": user id}. A stream that
    ended is off.
    """
    owner = match.get("screen_of")
    if owner is not None:
        return any(
            change.person.user_uuid == owner
            and change.stream.video_source in (SCREEN, None)
            and (change.deleted or change.stream.video_on is False)
            for change in data.changes
        )
    states = {name: match[name] for name in ("audio_on", "video_on") if name in match}
    return any(
        change.stream.stream_uuid == match.get("stream_uuid")
        and all(
            not on if change.deleted else getattr(change.stream, name) is on for name, on in states.items()
        )
        for change in data.changes
    )


def quiet(data: Streams, names: Names) -> Sentence:
    people = {change.person.user_uuid: change.person for change in data.changes}
    return "screen-share", _("%(who)s changed their screen-sharing settings") % {
        "who": names.whom(list(people.values()))
    }


PROPERTIES = (
    PropertyTopic(
        root=ROOT,
        label=gettext_lazy("screen sharing"),
        sentence=screen_sentence,
        icon="screen-share",
        follow=follow_screen,
        needs=needs_screen,
    ),
    PropertyTopic(root="carousel", label=gettext_lazy("stage rotation"), open_levels=1),
)
TYPES = (
    EventType(
        kinds=(EventKind.STREAM, EventKind.STREAM_BATCH, EventKind.SUBSCRIPTIONS),
        fields=event_fields,
        decode=decode,
        own_time=lambda data, fields: latest_update_time(fields, "streams"),
        needs=lambda event, needed: needed.participants.update(
            change.person.user_uuid for change in event.data.changes
        ),
        apply=apply,
        sentence=sentence,
        quiet=quiet,
        name="camera",
        label=gettext_lazy("Cameras, microphones, screens"),
        confirms=confirms,
    ),
)
