"""Start and stop a recording, change its settings, and list recordings."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import Fields, as_integer
from classroom_admin.simulator.errors import bad_parameter, root_url_empty
from classroom_admin.simulator.world import recordings
from classroom_admin.simulator.world.model import Recording

MOST_PIXELS = 1920 * 1080


def web_config(fields: Fields, *, starting: bool) -> dict[str, Any]:
    """Return ``webRecordConfig``. Raise CloudError 400 if a setting is not valid."""
    config = fields.object("webRecordConfig", required=True) or {}
    given = fields.fields("webRecordConfig")
    url, root_url = given.text("url"), given.text("rootUrl")
    if starting and not url and not root_url:
        raise root_url_empty()
    publish = config.get("publishRtmp")
    if publish is not None and not isinstance(publish, bool) and publish not in ("true", "false"):
        raise bad_parameter("webRecordConfig.publishRtmp", 'must be "true" or "false"')
    given.boolean("onhold", required=not starting)
    given.integer("videoBitrate", low=50, high=8000)
    given.integer("videoFps", low=5, high=60)
    given.choice("audioProfile", (0, 1, 2))
    width = given.integer("videoWidth", low=480, high=1920, default=1280) or 0
    height = given.integer("videoHeight", low=480, high=1920, default=720) or 0
    if width * height > MOST_PIXELS:
        raise bad_parameter("webRecordConfig.videoWidth", f"times videoHeight must be at most {MOST_PIXELS}")
    given.integer("maxRecordingHour", low=1, high=720)
    return config


def _answer(recording: Recording, state: int) -> dict[str, Any]:
    data: dict[str, Any] = {"recordId": recording.record_id, "sid": recording.sid, "state": state}
    data |= {"resourceId": recording.resource_id, "startTime": recording.start_ms}
    if recording.streaming_url is not None:
        data["streamingUrl"] = recording.streaming_url
    return data


def _state(call: Call) -> int:
    state = as_integer(call.params["state"])
    if state not in (0, 1):
        raise bad_parameter("state", "must be 0 or 1")
    return state


@router.add("PUT", "/v2/rooms/{room}/records/states/{state}", "set_recording", region="optional")
def set_recording(call: Call) -> dict[str, Any]:
    """Start or stop a recording.

    If ``state`` is 1 and ``webRecordConfig`` is given without a mode, change the running recording.
    """
    fields = call.fields
    state = _state(call)
    mode = fields.choice("mode", ("web",))
    retry_s = fields.integer("retryTimeout", low=0)
    if state == 0:
        return _answer(recordings.stop(call.world, call.room(), operator=call.uid), 0)
    if mode is None and "webRecordConfig" in fields:
        return _change(call)
    config = web_config(fields, starting=True) if mode == "web" else {}
    recording = recordings.start(
        call.world,
        call.room(),
        mode=mode or "composite",
        config=config,
        operator=call.uid,
        retry_s=retry_s,
    )
    return _answer(recording, 1)


@router.add("PATCH", "/v2/rooms/{room}/records/states/{state}", "change_recording", region="optional")
def change_recording(call: Call) -> dict[str, Any]:
    """Change a web recording. If ``onhold`` is true, it is paused. If it is false, it resumes."""
    return _change(call)


def _change(call: Call) -> dict[str, Any]:
    if _state(call) != 1:
        raise bad_parameter("state", "must be 1")
    config = web_config(call.fields, starting=False)
    return _answer(recordings.update(call.world, call.room(), config), 1)


@router.add("GET", "/v2/rooms/{room}/records", "list_recordings", region="optional")
def list_recordings(call: Call) -> dict[str, Any]:
    """List recordings. A page has 100."""
    room = call.room()
    return call.page([recordings.describe(call.world, room, recording) for recording in room.recordings])


@router.add("PUT", "/v2/rooms/{room}/records/ready", "recording_ready", region="optional")
def recording_ready(call: Call) -> None:
    """Record that the page of the recording has loaded. The page itself calls this."""
    recordings.page_ready(call.world, call.room())
