"""Pydantic models of the cloud's responses, with the fields that the dashboard uses.

The models accept numbers sent as text. A field that is missing or has the wrong type is None. Times are
milliseconds since 1970-01-01 UTC, except in fields whose name says otherwise.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from classroom_admin.common.names import visible_name


def read_int(value: object) -> int | None:
    """Convert a whole number, a bool or the text of a whole number to int. Return None for other values."""
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
    """Convert a bool, 0, 1, or the text of one of these to bool. Return None for other values."""
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.strip().lower())
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    return None


def read_text(value: object) -> str | None:
    """Return a text unchanged and a number as text. Return None for other values."""
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
    """The envelope of every response. `code` 0 means success; `ts` is the cloud's time.

    `model_extra` contains all other fields.
    """

    model_config = ConfigDict(extra="allow")

    code: int
    msg: Text = None
    ts: Whole = None
    data: Any = None


class RecordingStarted(CloudModel):
    """The response when a recording is started or stopped. The cloud may omit any field."""

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
    room_properties: Object = {}

    @property
    def schedule(self) -> RoomSchedule:
        return RoomSchedule.model_validate(read_object(self.room_properties.get("schedule")))

    @property
    def class_state(self) -> int | None:
        """Return the class state (0 to 3) from the schedule, or from the room if the schedule has none."""
        state = self.schedule.state
        return state if state is not None else self.state


class UserInfo(CloudModel):
    """A person in a room. `state` is 0 (offline) or 1 (online)."""

    state: Whole = None
    user_properties: Object = {}
