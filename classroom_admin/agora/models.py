"""Pydantic models of the cloud's responses, with the fields that the dashboard uses.

The models accept numbers sent as text. A field that is missing or has the wrong type is None. Times are
milliseconds since 1970-01-01 UTC, except in fields whose name says otherwise.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from classroom_admin.common.names import visible_name


def read_int(value: object) -> int | None:
    """Return the value as an int, or None. It may be a whole number, a bool or the text of a whole number."""
    if isinstance(value, bool | int):
        return int(value)
    try:
        if isinstance(value, str):
            value = float(value) if "." in value or "e" in value.lower() else int(value)
        if isinstance(value, float):
            return int(value) if value.is_integer() else None
    except (ValueError, OverflowError):
        return None
    return value if isinstance(value, int) else None


def read_bool(value: object) -> bool | None:
    """Return the value as a bool, or None. It may be a bool, 0, 1 or the text of one of these."""
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.strip().lower())
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    return None


def read_text(value: object) -> str | None:
    """Return a string or a number as a string. Return None for other values."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return str(value)
    return value if isinstance(value, str) else None


def read_object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def read_objects(value: object) -> list[dict[str, Any]]:
    """Return the JSON objects in a list. Omit all other items."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


Whole = Annotated[int | None, BeforeValidator(read_int)]
Flag = Annotated[bool | None, BeforeValidator(read_bool)]
Text = Annotated[str | None, BeforeValidator(read_text)]
Name = Annotated[Text, AfterValidator(lambda name: name and visible_name(name))]
Object = Annotated[dict[str, Any], BeforeValidator(read_object)]


class CloudModel(BaseModel):
    """The base class of all models. The aliases of the fields are in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Envelope(CloudModel):
    """The envelope of every response. `code` is 0 for success. `ts` is the cloud's time.

    `model_extra` contains all other fields.
    """

    model_config = ConfigDict(extra="allow")

    code: int
    msg: Text = None
    ts: Whole = None
    data: Any = None


class RecordingStarted(CloudModel):
    """The response to the start or end of a recording. Any field may be missing."""

    record_id: Text = None


class RecordedFile(CloudModel):
    url: Text = None


class RecordingItem(CloudModel):
    """A recording. `type` is 1 (single), 2 (composite) or 3 (web). `status` is 1 (recording) or 2 (ended).

    `unready` is True if the recording failed.
    """

    record_id: Text = None
    type: Whole = None
    status: Whole = None
    url: Text = None
    record_details: Annotated[list[RecordedFile], BeforeValidator(read_objects)] = []
    unready: Flag = None


class RecordingPage(CloudModel):
    """A page of recordings. `next_id` is None on the last page."""

    items: list[RecordingItem] = []
    next_id: str | None = None


class RoomSchedule(CloudModel):
    """The schedule and state of a room, as the cloud reports them."""

    start_time: Whole = None
    end_time: Whole = None
    close_time: Whole = None
    duration: Whole = None
    close_delay: Whole = None
    state: Whole = None


class RoomInfo(CloudModel):
    """A room. Its schedule is in `room_properties`."""

    room_name: Name = None
    room_type: Whole = None
    state: Whole = None
    mute_chat: Whole = None
    room_properties: Object = {}

    @property
    def schedule(self) -> RoomSchedule:
        return RoomSchedule.model_validate(read_object(self.room_properties.get("schedule")))

    @property
    def kind(self) -> int | None:
        """Return the room type. The cloud reports it in the room or in its properties."""
        return (
            self.room_type if self.room_type is not None else read_int(self.room_properties.get("roomType"))
        )

    @property
    def class_state(self) -> int | None:
        """Return the class state (0 to 3) from the schedule. If it is missing there, use that of the room."""
        state = self.schedule.state
        return state if state is not None else self.state


class UserInfo(CloudModel):
    """A person in a room. `state` is 0 (offline) or 1 (online)."""

    state: Whole = None
    user_properties: Object = {}


class StreamInfo(CloudModel):
    """A stream of a person. The states are 0 (off) or 1 (on)."""

    stream_uuid: Text = None
    video_state: Whole = None
    audio_state: Whole = None


class RoomUserStream(CloudModel):
    stream_uuid: Text = None


class RoomUser(CloudModel):
    """A person in the list of a room's people. `state` is 0 (offline), 1 (online) or None (unknown)."""

    user_uuid: Text = None
    user_name: Name = None
    role: Text = None
    stream_uuid: Text = None
    streams: Annotated[list[RoomUserStream], BeforeValidator(read_objects)] = []
    state: Whole = None

    @property
    def stream_uuids(self) -> list[str]:
        """Return the ids of the person's streams."""
        named = [self.stream_uuid, *(stream.stream_uuid for stream in self.streams)]
        return [uuid for uuid in dict.fromkeys(named) if uuid]


class RoomUserPage(CloudModel):
    """A page of a room's people. `next_id` is None on the last page."""

    items: list[RoomUser] = []
    next_id: str | None = None
