"""Parameters whose values are objects: web recording, conversion, schedule, roles and breakout rooms.

The fields have the cloud's camelCase names, and their values must be within the limits of the contract.
Unknown names are rejected, because they are more often typing errors than new features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator
from pydantic.alias_generators import to_camel

from classroom_admin.agora import fields
from classroom_admin.agora.fields import Address, Boolean, Id, Name, Switch, Wrong

STATIC_EXTS: Final = ("ppt", "doc", "docx", "pdf")
DYNAMIC_EXTS: Final = ("pptx",)
RESOURCE_EXTS: Final = (
    *("ppt", "pptx", "pptm", "docx", "doc", "xlsx", "xls", "csv", "pdf"),
    *("mp3", "mp4", "png", "jpg", "gif"),
)
OUTPUT_FORMATS: Final = ("png", "jpg", "jpeg", "webp")
MOST_PIXELS: Final = 1920 * 1080
DEFAULT_WIDTH: Final = 1280
DEFAULT_HEIGHT: Final = 720
MOST_GROUPS: Final = 20
MOST_IN_GROUP: Final = 17
LONGEST_CLASS_S: Final = 86_400
LATEST_MS: Final = 253_402_300_799_999  # the end of the year 9999


class Settings(BaseModel):
    """An object with a fixed set of optional fields. Fields that are not set are not sent."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _known_names(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise Wrong("not_object")
        known = [field.alias for field in cls.model_fields.values()]
        for name in value:
            if name not in known:
                raise Wrong("unknown_setting", name=repr(name), known=", ".join(map(str, known)))
        return dict(value)

    @classmethod
    def as_sent(cls, value: object) -> dict[str, Any]:
        """Validate the object. Return it with the cloud's field names and without unset fields."""
        return cls.model_validate(value).model_dump(by_alias=True, exclude_unset=True)


class WebRecordSettings(Settings):
    """Settings of a web recording. Bitrates are in kbit/s, sizes in pixels and times in hours."""

    url: Address = ""
    root_url: Address = ""
    publish_rtmp: Annotated[str, BeforeValidator(fields.boolean_as_text)] = ""
    onhold: Boolean = False
    video_bitrate: Annotated[int, BeforeValidator(fields.whole(50, 8000))] = 0
    video_fps: Annotated[int, BeforeValidator(fields.whole(5, 60))] = 0
    audio_profile: Annotated[int, BeforeValidator(fields.one_of(0, 1, 2))] = 0
    video_width: Annotated[int, BeforeValidator(fields.whole(480, 1920))] = DEFAULT_WIDTH
    video_height: Annotated[int, BeforeValidator(fields.whole(480, 1920))] = DEFAULT_HEIGHT
    max_recording_hour: Annotated[int, BeforeValidator(fields.whole(1, 720))] = 0

    @model_validator(mode="after")
    def _fits(self) -> WebRecordSettings:
        if not self.model_fields_set:
            raise Wrong("settings_empty")
        pixels = self.video_width * self.video_height
        if pixels > MOST_PIXELS:
            raise Wrong(
                "too_many_pixels",
                at="videoHeight" if "video_height" in self.model_fields_set else "videoWidth",
                most=MOST_PIXELS,
                width=self.video_width,
                height=self.video_height,
                pixels=pixels,
                usual_width=DEFAULT_WIDTH,
                usual_height=DEFAULT_HEIGHT,
            )
        return self


class ConversionSettings(Settings):
    """Settings for the conversion of a file to pages."""

    type: Annotated[str, BeforeValidator(fields.one_of("static", "dynamic"))] = Field(
        "", validate_default=True
    )
    preview: Boolean = False
    scale: Annotated[float, BeforeValidator(fields.number(0.1, 3))] = 1
    output_format: Annotated[str, BeforeValidator(fields.one_of(*OUTPUT_FORMATS))] = ""

    @model_validator(mode="after")
    def _fits(self) -> ConversionSettings:
        if self.type == "static" and "preview" in self.model_fields_set:
            raise Wrong("only_dynamic", at="preview")
        for name in ("scale", "output_format"):
            if self.type == "dynamic" and name in self.model_fields_set:
                raise Wrong("only_static", at=to_camel(name))
        return self


class ScheduleSettings(Settings):
    """The times of a class. `startTime` is in ms UTC.

    `duration` and `closeDelay` are in s, at most one day.
    """

    start_time: Annotated[int, BeforeValidator(fields.whole(1, LATEST_MS))] = 0
    duration: Annotated[int, BeforeValidator(fields.whole(1, LONGEST_CLASS_S))] = 0
    close_delay: Annotated[int, BeforeValidator(fields.whole(0, LONGEST_CLASS_S))] = 0


class StreamSettings(Settings):
    state: Switch = 0
    video_state: Switch = 0
    audio_state: Switch = 0


class RoleSettings(Settings):
    limit: Annotated[int, BeforeValidator(fields.whole(-1))] = -1
    default_stream: Annotated[Mapping[str, Any], BeforeValidator(StreamSettings.as_sent)] = Field({})


def role_config(value: object) -> dict[str, Any]:
    """Check role settings such as `{"2": {"limit": 30, "defaultStream": {"state": 1}}}`.

    The keys are role numbers (0 to 4) as text.
    """
    given = fields.properties(value)
    for role in given:
        if role not in ("0", "1", "2", "3", "4"):
            raise Wrong("unknown_role", role=repr(role))
    dumped: dict[str, Any] = _ROLES.dump_python(
        _ROLES.validate_python(given), by_alias=True, exclude_unset=True
    )
    return dumped


class MemberSettings(Settings):
    """A member of a breakout room. It is parsed from `{"userUuid": …}` or from a user id."""

    user_uuid: Id = ""

    @model_validator(mode="before")
    @classmethod
    def _id_alone(cls, value: Any) -> Any:
        return {"userUuid": value.get("userUuid") if isinstance(value, Mapping) else value}


class GroupSettings(Settings):
    """A breakout room. The cloud creates its id if `group_uuid` is not set."""

    group_uuid: Id = ""
    group_name: Name = Field("", validate_default=True)
    users: Annotated[list[MemberSettings], BeforeValidator(fields.a_list)] = []

    @model_validator(mode="before")
    @classmethod
    def _with_users(cls, value: Any) -> Any:
        return {"users": [], **value} if isinstance(value, Mapping) else value


def groups(value: object) -> list[dict[str, Any]]:
    """Check 1 to `MOST_GROUPS` breakout rooms of at most `MOST_IN_GROUP` people. No person may be in two."""
    checked = _GROUPS.validate_python(fields.a_list(value))
    if not checked:
        raise Wrong("groups_empty")
    if len(checked) > MOST_GROUPS:
        raise Wrong("too_many_groups", most=MOST_GROUPS, has=len(checked))
    for group in checked:
        if len(group.users) > MOST_IN_GROUP:
            name = group.group_name
            raise Wrong("group_too_large", at="users", most=MOST_IN_GROUP, has=len(group.users), name=name)
    seen: set[str] = set()
    for user in (user.user_uuid for group in checked for user in group.users):
        if user in seen:
            raise Wrong("in_two_groups", at="users", user=repr(user))
        seen.add(user)
    dumped: list[dict[str, Any]] = _GROUPS.dump_python(checked, by_alias=True, exclude_unset=True)
    return dumped


_ROLES: Final = TypeAdapter(dict[str, RoleSettings])
_GROUPS: Final = TypeAdapter(list[GroupSettings])

WebRecordConfig = Annotated[Mapping[str, Any], BeforeValidator(WebRecordSettings.as_sent)]
Conversion = Annotated[Mapping[str, Any], BeforeValidator(ConversionSettings.as_sent)]
Schedule = Annotated[Mapping[str, Any], BeforeValidator(ScheduleSettings.as_sent)]
RoleConfig = Annotated[Mapping[str, Any], BeforeValidator(role_config)]
Groups = Annotated[Sequence[Mapping[str, Any]], BeforeValidator(groups)]
