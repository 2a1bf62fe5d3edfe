"""Commands about the recording of a class."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from classroom_admin.accounts.models import User
from classroom_admin.actions import runner
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, Detail, valid
from classroom_admin.agora.models import RecordingStarted
from classroom_admin.agora.recording_and_file_calls import StartRecording, StopRecording, UpdateRecording
from classroom_admin.audit.models import Entry
from classroom_admin.common.redaction import shown_web_config
from classroom_admin.events import EventKind
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.recording_state import recording_now


def start_recording(
    *,
    actor: User,
    room: Room,
    mode: str | None = None,
    web_config: Mapping[str, Any] | None = None,
    retry_timeout_s: int | None = None,
) -> Entry:
    """Start recording. Event 1001 confirms the command.

    ``mode`` is None (composite) or "web". A web recording needs ``web_config`` with ``url`` or ``rootUrl``.
    Its fields have the cloud's names (``rootUrl``, ``videoBitrate``…); ``onhold`` starts paused.
    """
    start = valid(
        StartRecording,
        room_uuid=room.room_uuid,
        mode=mode,
        web_config=web_config,
        retry_timeout_s=retry_timeout_s,
    )

    params: dict[str, Any] = {"mode": mode or "composite"}
    if web_config is not None:
        params["web_config"] = shown_web_config(web_config)
    if retry_timeout_s is not None:
        params["retry_timeout_s"] = retry_timeout_s
    command = Command(
        action="recording.start",
        room_uuid=room.room_uuid,
        target_name=room.name,
        params=params,
        same_as={"mode": mode, "web_config": web_config, "retry_timeout_s": retry_timeout_s},
        call=start,
        facts=_facts,
        confirmed_by=Confirms(event=EventKind.RECORDING, match={"state": 1}),
    )
    return runner.run(actor=actor, room=room, command=command)


def stop_recording(*, actor: User, room: Room) -> Entry:
    """Stop the recording. Event 1001 confirms the command."""
    stop = valid(StopRecording, room_uuid=room.room_uuid)

    command = Command(
        action="recording.stop",
        room_uuid=room.room_uuid,
        target_name=room.name,
        call=stop,
        facts=_facts,
        confirmed_by=Confirms(event=EventKind.RECORDING, match={"state": 0}),
    )
    return runner.run(actor=actor, room=room, command=command)


def pause_recording(*, actor: User, room: Room) -> Entry:
    """Pause a web recording (``onhold``). *Accepted* is the final step: no event or read shows a pause."""
    return _update(actor=actor, room=room, action="recording.pause", web_config={"onhold": True})


def resume_recording(*, actor: User, room: Room) -> Entry:
    """Resume a paused web recording. *Accepted* is the final step."""
    return _update(actor=actor, room=room, action="recording.resume", web_config={"onhold": False})


def change_recording(*, actor: User, room: Room, web_config: Mapping[str, Any]) -> Entry:
    """Change the settings of a running web recording. *Accepted* is the final step.

    ``web_config`` uses the cloud's names and replaces all earlier settings. Pass every setting that should
    apply, including ``onhold``.
    """
    return _update(actor=actor, room=room, action="recording.change", web_config=web_config)


def _update(*, actor: User, room: Room, action: str, web_config: Mapping[str, Any]) -> Entry:
    runner.authorise(actor, room)  # first, because the error below reveals something about the room
    now = recording_now(room)
    if now is not None and now.mode not in ("", "web"):
        raise ActionRefused(
            gettext(
                "Only a web recording can be paused or changed. Stop this recording and start a web "
                "recording."
            )
        )
    update = valid(UpdateRecording, room_uuid=room.room_uuid, web_config=web_config)

    command = Command(
        action=action,
        room_uuid=room.room_uuid,
        target=now.record_id if now is not None else "",
        target_name=room.name,
        params={"web_config": shown_web_config(web_config)} if action == "recording.change" else {},
        same_as={"web_config": web_config},
        call=update,
    )
    return runner.run(actor=actor, room=room, command=command)


def _facts(answer: RecordingStarted) -> Detail:
    """Return the id of the recording. Leave out its streaming addresses: they contain keys."""
    return {"record_id": answer.record_id} if answer.record_id else {}
