"""Calls about the cameras and microphones of people in a room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, model_validator

from classroom_admin.agora import fields
from classroom_admin.agora.answers import RawAnswer, read_json
from classroom_admin.agora.call import OnceCall, ReadCall, SameCall, given
from classroom_admin.agora.errors import UnreadableAnswer
from classroom_admin.agora.fields import Id, Switch, Wrong
from classroom_admin.agora.models import StreamInfo, read_int, read_object, read_objects, read_text
from classroom_admin.agora.parameters import Settings

ROOM_V1: Final = "/{region}/edu/apps/{appId}/v1/rooms/{roomUuid}"
MOST_STREAMS: Final = 100
PRIVILEGES: Final = ("publish_audio", "publish_video")
MOST_STREAM_NUMBER: Final = 2**32 - 1


class PutStream(SameCall[None]):
    """Turn the camera or the microphone of a stream on (1) or off (0). Event 40 confirms the change.

    This call is known only from the vendor's client, so a project may lack it.
    """

    method = "PUT"
    template = f"{ROOM_V1}/users/{{userUuid}}/streams/{{streamUuid}}"
    capability = "mute_person"

    room_uuid: Id
    user_uuid: Id
    stream_uuid: Id
    video_state: Switch | None = None
    audio_state: Switch | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> PutStream:
        if self.video_state is None and self.audio_state is None:
            raise Wrong("settings_empty")
        return self

    def body(self) -> Any:
        return given(videoState=self.video_state, audioState=self.audio_state)


class StreamStateSettings(Settings):
    """The new state of one stream of a person."""

    user_uuid: Id = Field("", validate_default=True)
    stream_uuid: Id = Field("", validate_default=True)
    video_state: Switch = 0
    audio_state: Switch = 0


def stream_states(value: object) -> list[dict[str, Any]]:
    """Check a list of 1 to `MOST_STREAMS` streams, each with its person, its id and its new state."""
    found = [StreamStateSettings.as_sent(one) for one in fields.a_list(value)]
    if not found:
        raise Wrong("list_empty")
    if len(found) > MOST_STREAMS:
        raise Wrong("list_too_long", most=MOST_STREAMS)
    return found


class PutStreams(SameCall[None]):
    """Turn the cameras or microphones of several streams on or off. Events 40 or 41 confirm the changes."""

    method = "PUT"
    template = f"{ROOM_V1}/streams"
    capability = "mute_many"

    room_uuid: Id
    streams: Annotated[Sequence[Mapping[str, Any]], BeforeValidator(stream_states)]

    def body(self) -> Any:
        return {"streams": list(self.streams)}


class ReadSnapshot(ReadCall[dict[str, StreamInfo]]):
    """Read the streams of the people in a room, by stream id."""

    template = f"{ROOM_V1}/snapshot"

    room_uuid: Id

    def answer(self, data: Any) -> dict[str, StreamInfo]:
        found = {}
        snapshot = read_object(data)
        around = read_object(snapshot.get("snapshot")) or snapshot
        for user in read_objects(around.get("users")):
            for stream in read_objects(user.get("streams")):
                info = StreamInfo.model_validate(stream)
                if info.stream_uuid:
                    found[info.stream_uuid] = info
        return found


class BlockPublishing(OnceCall[None]):
    """Block the audio or video of a stream for some seconds.

    This API has its own address and needs the customer id and secret. It allows 10 requests a second for each
    account.
    """

    method = "POST"
    template = "/dev/v1/kicking-rule"
    capability = "block_publishing"
    customer = True
    why = "a second rule would count from the second time"

    room_uuid: Annotated[Id, Field(serialization_alias="cname")]
    stream_number: Annotated[
        int,
        BeforeValidator(fields.whole(1, MOST_STREAM_NUMBER)),
        Field(serialization_alias="uid"),
    ]
    seconds: Annotated[
        int, BeforeValidator(fields.whole(10, 86_430)), Field(serialization_alias="time_in_seconds")
    ]
    privileges: Annotated[Sequence[str], BeforeValidator(fields.some_of(*PRIVILEGES))]
    app_id: Annotated[str, BeforeValidator(fields.text), Field(serialization_alias="appid")]

    def body(self) -> Any:
        return {
            "appid": self.app_id,
            "cname": self.room_uuid,
            "uid": self.stream_number,
            "time_in_seconds": self.seconds,
            "privileges": list(self.privileges),
        }

    def read(self, raw: RawAnswer) -> tuple[None, int | None]:
        _success_in(raw)
        return None, None


@dataclass(frozen=True, slots=True)
class Block:
    """A right that is currently blocked for a stream in a room."""

    room_uuid: str
    stream_number: int
    privilege: str


class ReadBlocks(ReadCall[frozenset[Block]]):
    """Read the current blocks in all rooms of the project. The service may omit some."""

    template = "/dev/v1/kicking-rule"
    customer = True

    app_id: Annotated[str, BeforeValidator(fields.text)]

    def query(self) -> Mapping[str, str]:
        return {"appid": self.app_id}

    def read(self, raw: RawAnswer) -> tuple[frozenset[Block], int | None]:
        rules = read_objects(_success_in(raw).get("rules"))
        return frozenset(block for rule in rules for block in _blocks_of(rule)), None


def _blocks_of(rule: Mapping[str, Any]) -> Iterator[Block]:
    room_uuid, number = read_text(rule.get("cname")), read_int(rule.get("uid"))
    listed = rule.get("privileges")
    if room_uuid and number is not None and isinstance(listed, list):
        yield from (Block(room_uuid, number, str(privilege)) for privilege in listed)


def _success_in(raw: RawAnswer) -> Mapping[str, Any]:
    """Return the response as an object. Raise UnreadableAnswer if its `status` is not `success`."""
    answer = read_json(raw.body)
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise UnreadableAnswer(body=raw.body, http_status=raw.http_status, request_id=raw.request_id)
    return answer
