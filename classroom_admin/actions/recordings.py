"""Commands about the recording of a class."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from classroom_admin.actions import runner
from classroom_admin.actions.effects import read_back
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, Detail, valid
from classroom_admin.agora.models import RecordingStarted
from classroom_admin.agora.recording_and_file_calls import (
    ReportPageReady,
    StartRecording,
    StopRecording,
    UpdateRecording,
)
from classroom_admin.audit.models import Entry
from classroom_admin.common.redaction import shown_web_config
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.recording_state import recording_now


def start_recording(
    access: ClassAccess,
    *,
    mode: str | None = None,
    web_config: Mapping[str, Any] | None = None,
    retry_timeout_s: int | None = None,
) -> Entry:
    """Start recording. Event 1001 confirms the command.

    ``mode`` is None (composite) or "web". A web recording needs ``web_config``, a dict with the cloud's names
    (``videoBitrate``…) that includes ``url`` or ``rootUrl``. If ``onhold`` is True, the recording starts
    paused.
    """
    start = valid(
        StartRecording,
        room_uuid=access.room.room_uuid,
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
        target_name=access.room.name,
        params=params,
        same_as={"mode": mode, "web_config": web_config, "retry_timeout_s": retry_timeout_s},
        call=start,
        facts=_facts,
        confirmed_by=Confirms(event=EventKind.RECORDING, match={"state": 1}),
    )
    return runner.run(access, command)


def stop_recording(access: ClassAccess) -> Entry:
    """Stop the recording. Event 1001 confirms the command."""
    command = Command(
        action="recording.stop",
        target_name=access.room.name,
        call=valid(StopRecording, room_uuid=access.room.room_uuid),
        facts=_facts,
        confirmed_by=Confirms(event=EventKind.RECORDING, match={"state": 0}),
    )
    return runner.run(access, command)


def pause_recording(access: ClassAccess) -> Entry:
    """Pause a web recording. An event or a later request shows `record.onhold`, which confirms the pause."""
    return _update(access, "recording.pause", web_config={"onhold": True}, onhold=True)


def resume_recording(access: ClassAccess) -> Entry:
    """Resume a paused web recording. It is confirmed in the same way as a pause."""
    return _update(access, "recording.resume", web_config={"onhold": False}, onhold=False)


def change_recording(access: ClassAccess, *, web_config: Mapping[str, Any]) -> Entry:
    """Change the settings of a running web recording. *Accepted* is the final step.

    ``web_config`` uses the cloud's names and replaces all earlier settings. Pass every setting that should
    apply, including ``onhold``.
    """
    return _update(access, "recording.change", web_config=web_config)


def report_page_ready(access: ClassAccess) -> Entry:
    """Report that the recorded page has loaded, if the page does not do so itself. *Accepted* is final.

    Without this report, the cloud restarts the recording after ``retry_timeout_s``, if this was set.
    """
    command = Command(
        action="recording.ready",
        target_name=access.room.name,
        call=valid(ReportPageReady, room_uuid=access.room.room_uuid),
    )
    return runner.run(access, command)


def _update(
    access: ClassAccess, action: str, web_config: Mapping[str, Any], *, onhold: bool | None = None
) -> Entry:
    """Change the settings of the recording.

    If ``onhold`` is given, an event or a read confirms the command.
    """
    now = recording_now(access.room)
    if now is not None and now.mode not in ("", "web"):
        raise ActionRefused(
            gettext(
                "Only a web recording can be paused or changed. Stop this recording and start a web "
                "recording."
            )
        )
    command = Command(
        action=action,
        target=now.record_id if now is not None else "",
        target_name=access.room.name,
        params={"web_config": shown_web_config(web_config)} if action == "recording.change" else {},
        same_as={"web_config": web_config},
        call=valid(UpdateRecording, room_uuid=access.room.room_uuid, web_config=web_config),
        confirmed_by=None if onhold is None else _pause_event(onhold),
        read_back=None if onhold is None else read_back(access, action),
    )
    return runner.run(access, command)


def _pause_event(onhold: bool) -> Confirms:
    return Confirms(event=EventKind.ROOM_PROPERTIES, match={"path": ["record", "onhold"], "value": onhold})


def _facts(answer: RecordingStarted) -> Detail:
    """Return the id of the recording. The streaming addresses contain keys, so they are not recorded."""
    return {"record_id": answer.record_id} if answer.record_id else {}
