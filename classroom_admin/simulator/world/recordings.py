"""Recordings of a class. Their files appear a few seconds after the end."""

import math
from typing import Any

from classroom_admin.simulator.errors import class_ended, conflict, recording_not_ended, recording_not_started
from classroom_admin.simulator.world.changes import room_changed
from classroom_admin.simulator.world.model import Recording, Room
from classroom_admin.simulator.world.world import World

FILES_AFTER_MS = 5_000
FILE_MS = 2 * 60 * 60 * 1000
HOUR_MS = 60 * 60 * 1000
PAGE_LOADS_MS = 2_000
MOST_RETRIES = 2
STARTED, STOPPED, RETRIED, TIMED_OUT, GAVE_UP = 1, 2, 3, 4, 5


def start(
    world: World,
    room: Room,
    *,
    mode: str,
    config: dict[str, Any],
    operator: str | None = None,
    retry_s: int | None = None,
) -> Recording:
    """Start a recording. If its page is not ready after ``retry_s`` seconds, it starts again.

    Raise CloudError 409 30409411 if a recording is running, and 409 30409101 if the class is closed.
    """
    if room.is_closed:
        raise class_ended()
    if room.current_recording() is not None:
        raise recording_not_ended()
    record_id = room.shapes.hex()
    streaming = None
    if str(config.get("publishRtmp", "")).lower() == "true":
        base = f"live.simulator.test/{record_id}"
        streaming = {"rtmp": f"rtmp://{base}", "flv": f"https://{base}.flv", "hls": f"https://{base}.m3u8"}
    recording = Recording(
        record_id=record_id,
        mode=mode,
        start_ms=world.now,
        resource_id=room.shapes.hex(),
        sid=room.shapes.hex(),
        config=dict(config),
        streaming_url=streaming,
        retry_s=retry_s,
    )
    room.recordings.append(recording)
    recording.limit = world.after(
        _max_length_ms(room, config), lambda: _limit_reached(world, room, recording)
    )
    if config.get("onhold"):
        _hold(world, recording, True)
    _tell(world, room, recording, 1, STARTED, operator)
    if mode == "web":
        _wait_for_page(world, room, recording)
    return recording


def _tell(
    world: World, room: Room, recording: Recording, state: int, reason: int, operator: str | None
) -> None:
    """Emit event 1001 about a recording. With the dialect ``sdk``, also emit the property ``record``."""
    data: dict[str, Any] = {"recordId": recording.record_id}
    if state:
        data |= {"sid": recording.sid, "resourceId": recording.resource_id}
    data |= {"state": state, "startTime": room.shapes.number(recording.start_ms)}
    if world.dialect != "2021":
        data["reason"] = reason
    if state and recording.streaming_url is not None:
        data["streamingUrl"] = recording.streaming_url
    if operator is not None:
        data["operator"] = world.operator(room, operator)
    world.emit(room, 1001, data)
    if world.dialect == "sdk":
        shown: dict[str, Any] = {"state": state, "ready": 0, "onhold": recording.on_hold}
        if state and recording.streaming_url is not None:
            shown["streamingUrl"] = recording.streaming_url
        room_changed(world, room, {"record": shown}, operator=operator, depth=2)


def _wait_for_page(world: World, room: Room, recording: Recording) -> None:
    """Schedule what happens next: the page reports that it has loaded, or the recording times out."""

    def is_waiting() -> bool:
        return room.destroyed_ms is None and recording.end_ms is None and not recording.ready

    def timed_out() -> None:
        if is_waiting():
            try_again(world, room)

    if world.pages_get_ready:
        world.after(PAGE_LOADS_MS, lambda: page_ready(world, room) if is_waiting() else None)
    elif recording.retry_s:
        world.after(recording.retry_s * 1000, timed_out)


def try_again(world: World, room: Room) -> Recording:
    """Let the running recording time out and start again. After ``MOST_RETRIES``, stop it."""
    recording = room.current_recording()
    if recording is None:
        raise recording_not_started()
    if recording.retries == MOST_RETRIES:
        return stop(world, room, operator=None, failed=True, reason=GAVE_UP)
    _tell(world, room, recording, room.shapes.either(0, 2), TIMED_OUT, None)
    recording.retries += 1
    recording.sid, recording.resource_id, recording.ready = room.shapes.hex(), room.shapes.hex(), False
    _tell(world, room, recording, 1, RETRIED, None)
    _wait_for_page(world, room, recording)
    return recording


def _max_length_ms(room: Room, config: dict[str, Any]) -> int:
    hours = config.get("maxRecordingHour")
    if hours is None:
        duration = room.schedule.duration_s
        hours = 2 if duration is None else max(1, math.ceil((duration + room.schedule.close_delay_s) / 3600))
    return int(hours) * HOUR_MS


def stop(
    world: World, room: Room, *, operator: str | None, failed: bool = False, reason: int = STOPPED
) -> Recording:
    """Stop the recording. Raise CloudError 409 30409410 if none is running.

    Its files exist a few seconds later. If ``failed`` is True, it has no files and is listed as ``unready``.
    """
    recording = room.current_recording()
    if recording is None:
        raise recording_not_started()
    recording.end_ms = world.now
    recording.unready = failed
    if recording.limit is not None:
        recording.limit.cancel()
    if recording.on_hold:
        _hold(world, recording, False)
    _tell(world, room, recording, room.shapes.either(0, 2), reason, operator)
    if not failed:
        world.after(FILES_AFTER_MS, lambda: _deliver(recording))
    return recording


def _limit_reached(world: World, room: Room, recording: Recording) -> None:
    if room.destroyed_ms is None and recording.end_ms is None:
        stop(world, room, operator=None)


def update(world: World, room: Room, config: dict[str, Any]) -> Recording:
    """Change the settings of the running web recording. ``onhold`` pauses or resumes it."""
    recording = room.current_recording()
    if recording is None:
        raise recording_not_started()
    if recording.mode != "web":
        raise conflict("only a recording in web mode can be changed")
    recording.config.update(config)
    before = recording.on_hold
    _hold(world, recording, bool(config.get("onhold", False)))
    if before != recording.on_hold:
        _property_changed(world, room, {"onhold": recording.on_hold})
    return recording


def _hold(world: World, recording: Recording, on_hold: bool) -> None:
    if on_hold and not recording.on_hold:
        recording.holds.append([world.now, None])
    elif recording.on_hold and not on_hold:
        recording.holds[-1][1] = world.now
    recording.on_hold = on_hold


def _deliver(recording: Recording) -> None:
    if recording.mode != "web":
        recording.playlist = "class.m3u8"
        return
    count = max(1, math.ceil(recorded_ms(recording) / FILE_MS))
    recording.files = [f"class_{number}.mp4" for number in range(count)]


def recorded_ms(recording: Recording) -> int:
    """Return the length of an ended recording without its pauses. It is 0 if the recording runs."""
    if recording.end_ms is None:
        return 0
    paused = sum((end or recording.end_ms) - begin for begin, end in recording.holds if begin is not None)
    return max(0, recording.end_ms - recording.start_ms - paused)


def delete_files(room: Room) -> None:
    """Delete the files of the last recording.

    Raise CloudError 409 30409410 if the room has no recording.
    """
    if not room.recordings:
        raise recording_not_started()
    room.recordings[-1].files_deleted = True


def describe(world: World, room: Room, recording: Recording) -> dict[str, Any]:
    """Return a recording as the list of recordings has it."""
    base = f"{world.files_url}/{recording.record_id}"
    row: dict[str, Any] = {
        "recordId": recording.record_id,
        "appId": world.app_id,
        "roomUuid": room.uuid,
        "startTime": recording.start_ms,
        "resourceId": recording.resource_id,
        "sid": recording.sid,
        "recordUid": f"record-{recording.record_id[:8]}",
        "boardAppId": "",
        "boardToken": "",
        "boardId": "",
        "type": 3 if recording.mode == "web" else 2,
        "status": 1 if recording.end_ms is None else 2,
        "recordDetails": [{"url": f"{base}/{name}"} for name in recording.files],
    }
    if recording.end_ms is not None:
        row["endTime"] = recording.end_ms
    if recording.playlist:
        row["url"] = f"{base}/{recording.playlist}"
    if recording.unready:
        row["unready"] = True
    if recording.mode == "web":
        row["webRecordUrlQuery"] = f"roomUuid={room.uuid}&roomType={room.type}"
    return row


def property_of(room: Room) -> dict[str, Any]:
    """Return the room property ``record``."""
    recording = room.current_recording()
    if recording is None:
        return {"state": 0}
    found: dict[str, Any] = {"state": 1, "recordId": recording.record_id, "startTime": recording.start_ms}
    found |= {"ready": int(recording.ready), "onhold": recording.on_hold}
    if recording.streaming_url is not None:
        found["streamingUrl"] = recording.streaming_url
    return found


def page_ready(world: World, room: Room) -> None:
    """Record that the page of the recording has loaded.

    Raise CloudError 409 30409410 if no recording is running.
    """
    recording = room.current_recording()
    if recording is None:
        raise recording_not_started()
    if not recording.ready:
        recording.ready = True
        _property_changed(world, room, {"ready": 1})


def _property_changed(world: World, room: Room, changes: dict[str, Any]) -> None:
    """Emit a change of the room property ``record``. The dialect ``2021`` does not have it."""
    if world.dialect != "2021":
        room_changed(world, room, {"record": changes}, operator=None, depth=2)
