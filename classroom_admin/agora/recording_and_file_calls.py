"""Calls about recordings and files of a class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, model_validator

from classroom_admin.agora import fields
from classroom_admin.agora.answers import read_next_id
from classroom_admin.agora.call import OnceCall, ReadCall, SameCall, given
from classroom_admin.agora.calls import ROOM
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.fields import Address, FromOne, Id, Ids, Name, NextId, Wrong
from classroom_admin.agora.models import (
    RecordingItem,
    RecordingPage,
    RecordingStarted,
    read_object,
    read_objects,
    read_text,
)
from classroom_admin.agora.parameters import (
    DYNAMIC_EXTS,
    RESOURCE_EXTS,
    STATIC_EXTS,
    Conversion,
    WebRecordConfig,
)

ROOM_V1: Final = "/{region}/edu/apps/{appId}/v1/rooms/{roomUuid}"


class StartRecording(OnceCall[RecordingStarted]):
    """Start a recording. Raise `RecordingNotEnded` if one is running. Event 1001 confirms the start.

    If `mode` is None, the teachers are recorded as M3U8 and TS. If it is "web", a web page is recorded as
    MP4, and `web_config` must contain the page's address. If `ReportPageReady` is not called, the cloud
    restarts the recording after `retry_timeout_s`, at most twice.
    """

    method = "PUT"
    template = f"{ROOM}/records/states/1"
    why = "a repeated start is answered 409, or starts a second recording after a quick stop"

    room_uuid: Id
    mode: Annotated[str, BeforeValidator(fields.one_of("web"))] | None = None
    web_config: Annotated[WebRecordConfig | None, Field(serialization_alias="webRecordConfig")] = None
    retry_timeout_s: Annotated[FromOne | None, Field(serialization_alias="retryTimeout")] = None

    @model_validator(mode="after")
    def _mode_fits(self) -> StartRecording:
        if self.mode is None and self.web_config is not None:
            raise Wrong("only_web", at="webRecordConfig")
        if self.mode is not None and self.web_config is None:
            raise Wrong("web_settings_missing", at="webRecordConfig")
        if self.web_config is not None and not {"url", "rootUrl"} & self.web_config.keys():
            raise Wrong("page_missing", at="webRecordConfig.rootUrl")
        return self

    def body(self) -> Any:
        return given(mode=self.mode, webRecordConfig=self.web_config, retryTimeout=self.retry_timeout_s)

    def answer(self, data: Any) -> RecordingStarted:
        return RecordingStarted.model_validate(read_object(data))


class StopRecording(OnceCall[RecordingStarted]):
    """Stop the recording. Raise `RecordingNotStarted` if none is running. Event 1001 confirms the end."""

    method = "PUT"
    template = f"{ROOM}/records/states/0"
    why = "a repeated stop is answered 409, which would hide that the first one worked"

    room_uuid: Id

    def body(self) -> Any:
        return {}

    def answer(self, data: Any) -> RecordingStarted:
        return RecordingStarted.model_validate(read_object(data))


class UpdateRecording(OnceCall[None]):
    """Change a running web recording. If `onhold` is True, the recording pauses.

    If it is False, it resumes. Each call overwrites the previous one. The cloud requires at least a minute
    between the start of a recording and the first change. `CloudConfig.record_update_method` sets the HTTP
    method.
    """

    method = "PATCH"
    template = f"{ROOM}/records/states/1"
    why = "each call overwrites the last: a late second one could undo another person's resume"

    room_uuid: Id
    web_config: Annotated[WebRecordConfig, Field(serialization_alias="webRecordConfig")]

    @model_validator(mode="after")
    def _says_whether_paused(self) -> UpdateRecording:
        if "onhold" not in self.web_config:
            raise Wrong("onhold_missing", at="webRecordConfig.onhold")
        return self

    def method_for(self, config: CloudConfig) -> str:
        return config.record_update_method

    def body(self) -> Any:
        return {"webRecordConfig": self.web_config}


class ReportPageReady(SameCall[None]):
    """Report that the page of a web recording has loaded.

    Usually, the recorded page calls this itself. Without this call, the cloud starts the recording again
    after its `retryTimeout`, at most twice.
    """

    method = "PUT"
    template = f"{ROOM}/records/ready"
    why = "the page stays loaded"

    room_uuid: Id


class ListRecordings(ReadCall[RecordingPage]):
    """List up to 100 recordings of a room. Continue with the page's `next_id` until it is None."""

    template = f"{ROOM}/records"

    room_uuid: Id
    next_id: NextId | None = None

    def query(self) -> Mapping[str, str]:
        return given(nextId=self.next_id)

    def answer(self, data: Any) -> RecordingPage:
        around = read_object(data)
        listed = read_objects(around.get("list") if isinstance(data, dict) else data)
        items = [RecordingItem.model_validate(item) for item in listed]
        return RecordingPage(items=items, next_id=read_next_id(around.get("nextId")))


class PutResource(SameCall[None]):
    """Share a file by its URL. Event 1003 confirms the call. `size` is in bytes."""

    method = "PUT"
    template = f"{ROOM_V1}/resources/{{resourceUuid}}"
    why = "the same id is overwritten with the same facts"

    room_uuid: Id
    resource_uuid: Id
    resource_name: Name
    size: FromOne
    ext: Annotated[str, BeforeValidator(fields.one_of(*RESOURCE_EXTS))]
    url: Address

    def body(self) -> Any:
        return {"resourceName": self.resource_name, "size": self.size, "ext": self.ext, "url": self.url}


class ConvertResource(PutResource):
    """Share a file and convert it to static pages (ppt, doc, docx, pdf) or to dynamic pages (pptx)."""

    repeat = False
    why = "with a conversion, a second time starts (and bills) a second conversion"

    conversion: Conversion

    @model_validator(mode="after")
    def _fits_the_file(self) -> ConvertResource:
        kind = self.conversion["type"]
        fitting = STATIC_EXTS if kind == "static" else DYNAMIC_EXTS
        if self.ext not in fitting:
            params = {"kind": kind, "ext": self.ext, "fitting": ", ".join(fitting)}
            raise Wrong("conversion_not_for_file", at="conversion.type", **params)
        return self

    def body(self) -> Any:
        return {**super().body(), "conversion": self.conversion}


class DeleteResources(SameCall[None]):
    """Remove files from a class. Event 1003 confirms the removal."""

    method = "DELETE"
    template = f"{ROOM_V1}/resources"
    why = "what is deleted stays deleted"

    room_uuid: Id
    resource_uuids: Ids

    def body(self) -> Any:
        return {"resourceUuids": self.resource_uuids}


class ListResources(ReadCall[list[str]]):
    """List the ids of a room's files."""

    template = f"{ROOM_V1}/resources"

    room_uuid: Id

    def answer(self, data: Any) -> list[str]:
        if isinstance(data, dict):
            data = data.get("list", [data] if "resourceUuid" in data else [])
        return [uuid for item in read_objects(data) if (uuid := read_text(item.get("resourceUuid")))]
