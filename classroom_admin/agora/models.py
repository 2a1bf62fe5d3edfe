"""Pydantic models of the cloud's answers.

The models accept numbers sent as text. A field that is missing or has the wrong type is None. Times are
milliseconds since 1970-01-01 UTC, except in fields whose name says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from classroom_admin.common.names import visible_name


def read_int(value: object) -> int | None:
    """Convert a whole number, a bool or a text of a whole number to int. Else return None."""
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


def read_float(value: object) -> float | None:
    """Convert a finite number or a text of one to float. Else return None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if abs(read) != float("inf") and read == read else None


def read_bool(value: object) -> bool | None:
    """Convert a bool, 0, 1, or one of these as text, to bool. Else return None."""
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.strip().lower())
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    return None


def read_text(value: object) -> str | None:
    """Return a text, or a number as text. Else return None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return str(value)
    return value if isinstance(value, str) else None


def read_object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


Whole = Annotated[int | None, BeforeValidator(read_int)]
Real = Annotated[float | None, BeforeValidator(read_float)]
Flag = Annotated[bool | None, BeforeValidator(read_bool)]
Text = Annotated[str | None, BeforeValidator(read_text)]
Name = Annotated[Text, AfterValidator(lambda name: name and visible_name(name))]
Object = Annotated[dict[str, Any], BeforeValidator(read_object)]


class CloudModel(BaseModel):
    """The base class of all models. Fields have camelCase aliases; `model_extra` keeps unknown fields."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)


M = TypeVar("M", bound=CloudModel)


def read_list(cls: type[M], value: object) -> tuple[list[M], list[tuple[str, Any]]]:
    """Parse a list of objects. Return the valid items, and (reason, raw item) for each invalid one."""
    read: list[M] = []
    odd: list[tuple[str, Any]] = []
    if value is None:
        return read, odd
    if not isinstance(value, list):
        return read, [(f"not a list but {type(value).__name__}", value)]
    for item in value:
        try:
            read.append(cls.model_validate(item))
        except ValidationError as error:
            odd.append((f"{error.error_count()} unreadable: {error.errors()[0]['msg']}", item))
    return read, odd


class Envelope(CloudModel):
    """The envelope of every answer. `code` 0 means success; `ts` is the cloud's time."""

    code: int
    msg: Text = None
    ts: Whole = None
    data: Any = None


class StreamingUrl(CloudModel):
    rtmp: Text = None
    flv: Text = None
    hls: Text = None


def _streaming(value: object) -> object:
    return value if isinstance(value, dict | StreamingUrl) else None


class RecordingStarted(CloudModel):
    """The answer to starting or stopping a recording. The cloud may omit any field."""

    record_id: Text = None
    sid: Text = None
    resource_id: Text = None
    state: Whole = None
    start_time: Whole = None
    streaming_url: Annotated[StreamingUrl | None, BeforeValidator(_streaming)] = None


class RecordedFile(CloudModel):
    url: Text = None


def _files(value: object) -> object:
    return [item for item in value if isinstance(item, dict | CloudModel)] if isinstance(value, list) else []


class RecordingItem(CloudModel):
    """A recording. `type`: 1 single, 2 composite, 3 web. `status`: 1 recording, 2 ended.

    `unready` is True if the recording failed.
    """

    record_id: Text = None
    app_id: Text = None
    room_uuid: Text = None
    start_time: Whole = None
    end_time: Whole = None
    resource_id: Text = None
    sid: Text = None
    record_uid: Text = None
    board_app_id: Text = None
    board_token: Text = Field(default=None, repr=False)
    board_id: Text = None
    type: Whole = None
    status: Whole = None
    url: Text = None
    record_details: Annotated[list[RecordedFile], BeforeValidator(_files)] = []
    unready: Flag = None
    web_record_url_query: Text = None


class RecordingPage(CloudModel):
    """A page of recordings. `next_id` is None on the last page."""

    items: list[RecordingItem] = []
    unreadable: list[tuple[str, Any]] = []
    next_id: str | None = None
    total: Whole = None
    count: Whole = None


class Page(CloudModel):
    """A page of a converted file."""

    width: Real = None
    height: Real = None
    src: Text = None
    preview: Text = None


def _page(value: object) -> object:
    return value if isinstance(value, dict | Page) else None


class ConvertedFile(CloudModel):
    name: Text = None
    ppt: Annotated[Page | None, BeforeValidator(_page)] = None


class TaskProgress(CloudModel):
    """The progress of a conversion. `current_step` is Extracting, Packaging, GeneratingPreview, …"""

    total_page_size: Whole = None
    converted_page_size: Whole = None
    converted_percentage: Real = None
    converted_file_list: Annotated[list[ConvertedFile], BeforeValidator(_files)] = []
    current_step: Text = None


def _progress(value: object) -> object:
    return value if isinstance(value, dict | TaskProgress) else None


class ResourceItem(CloudModel):
    """A file that is shared with a class. `size` is in bytes."""

    resource_uuid: Text = None
    resource_name: Name = None
    ext: Text = None
    size: Whole = None
    url: Text = None
    update_time: Whole = None
    convert: Flag = None
    task_uuid: Text = None
    task_token: Text = Field(default=None, repr=False)
    task_progress: Annotated[TaskProgress | None, BeforeValidator(_progress)] = None


class RoomSchedule(CloudModel):
    """The schedule and state of a room, as the cloud reports them."""

    start_time: Whole = None
    end_time: Whole = None
    close_time: Whole = None
    duration: Whole = None
    close_delay: Whole = None
    state: Whole = None


class RoomInfo(CloudModel):
    """A room. `schedule` comes from `room_properties`. `mute_chat` is the cloud's unchanged value."""

    room_uuid: Text = None
    room_name: Name = None
    room_type: Whole = None
    create_time: Whole = None
    state: Whole = None
    room_properties: Object = {}
    role_config: Object = {}
    mute_chat: Any = None

    @property
    def schedule(self) -> RoomSchedule:
        return RoomSchedule.model_validate(read_object(self.room_properties.get("schedule")))

    @property
    def class_state(self) -> int | None:
        """Return the class state (0 to 3) from the schedule, or from the room if the schedule has none."""
        state = self.schedule.state
        return state if state is not None else self.state


class UserInfo(CloudModel):
    """A person in a room. `state`: 0 offline, 1 online. `role` is the cloud's number or word, unchanged."""

    user_uuid: Text = None
    user_name: Name = None
    role: int | str | None = None
    user_properties: Object = {}
    stream_uuid: Text = None
    state: Whole = None
    update_time: Whole = None

    @model_validator(mode="before")
    @classmethod
    def _odd_role(cls, value: Any) -> Any:
        if isinstance(value, dict) and not isinstance(value.get("role"), int | str | None):
            return {name: item for name, item in value.items() if name != "role"}
        return value
