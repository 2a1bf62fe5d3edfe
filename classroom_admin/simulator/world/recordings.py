"""Recordings of a class. Their files appear a few seconds after the end."""

import math
from typing import Any

from classroom_admin.simulator.errors import class_ended, conflict, recording_not_ended, recording_not_started
from classroom_admin.simulator.world.model import Recording, Room
from classroom_admin.simulator.world.world import World

FILES_AFTER_MS = 5_000
FILE_MS = 2 * 60 * 60 * 1000
HOUR_MS = 60 * 60 * 1000


def start(
    world: World, room: Room, *, mode: str, config: dict[str, Any], operator: str | None = None
) -> Recording:
    """Start a recording.

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
    )
    room.recordings.append(recording)
    recording.limit = world.after(
        _max_length_ms(room, config), lambda: _limit_reached(world, room, recording)
    )
    if config.get("onhold"):
        _hold(world, recording, True)
    data = {"recordId": record_id, "sid": recording.sid, "resourceId": recording.resource_id, "state": 1}
    data["startTime"] = room.shapes.number(recording.start_ms)
    if streaming is not None:
        data["streamingUrl"] = streaming
    if operator is not None:
        data["operator"] = world.operator(room, operator)
    world.emit(room, 1001, data)
    return recording


def _max_length_ms(room: Room, config: dict[str, Any]) -> int:
    hours = config.get("maxRecordingHour")
    if hours is None:
        duration = room.schedule.duration_s
        hours = 2 if duration is None else max(1, math.ceil((duration + room.schedule.close_delay_s) / 3600))
    return int(hours) * HOUR_MS


def stop(world: World, room: Room, *, operator: str | None, failed: bool = False) -> Recording:
    """Stop the recording. Raise CloudError 409 30409410 if none is running.

    Its files appear a few seconds later. A ``failed`` recording has no files and is listed as ``unready``.
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
    data: dict[str, Any] = {"recordId": recording.record_id, "state": room.shapes.either(0, 2)}
    data["startTime"] = recording.start_ms
    if operator is not None:
        data["operator"] = world.operator(room, operator)
    world.emit(room, 1001, data)
    if not failed:
        world.after(FILES_AFTER_MS, lambda: _deliver(world, room, recording))
    return recording


def _limit_reached(world: World, room: Room, recording: Recording) -> None:
    if room.destroyed_ms is None and recording.end_ms is None:
        stop(world, room, operator=None)


def update(world: World, room: Room, config: dict[str, Any]) -> Recording:
    """Change the settings of the running web recording. The setting ``onhold`` pauses or resumes it."""
    recording = room.current_recording()
    if recording is None:
        raise recording_not_started()
    if recording.mode != "web":
        raise conflict("only a recording in web mode can be changed")
    recording.config.update(config)
    _hold(world, recording, bool(config.get("onhold", False)))
    return recording


def _hold(world: World, recording: Recording, on_hold: bool) -> None:
    if on_hold and not recording.on_hold:
        recording.holds.append([world.now, None])
    elif recording.on_hold and not on_hold:
        recording.holds[-1][1] = world.now
    recording.on_hold = on_hold


def _deliver(world: World, room: Room, recording: Recording) -> None:
    base = f"https://files.simulator.test/{recording.record_id}"
    if recording.mode != "web":
        recording.url = f"{base}/class.m3u8"
        return
    length = (recording.end_ms or world.now) - recording.start_ms
    count = max(1, math.ceil(length / FILE_MS))
    recording.files = [f"{base}/class_{number}.mp4" for number in range(count)]


def describe(world: World, room: Room, recording: Recording) -> dict[str, Any]:
    """Return a recording as the call that lists recordings returns it."""
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
        "recordDetails": [{"url": url} for url in recording.files],
    }
    if recording.end_ms is not None:
        row["endTime"] = recording.end_ms
    if recording.url is not None:
        row["url"] = recording.url
    if recording.unready:
        row["unready"] = True
    if recording.mode == "web":
        row["webRecordUrlQuery"] = f"roomUuid={room.uuid}&roomType={room.type}"
    return row
