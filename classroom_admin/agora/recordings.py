"""Recordings: on, off, settings, list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from classroom_admin.agora import calls, checks, settings_checks
from classroom_admin.agora.answers import read_next_id
from classroom_admin.agora.base import Calls
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.agora.models import (
    Envelope,
    RecordingItem,
    RecordingPage,
    RecordingStarted,
    WebRecordConfig,
    read_list,
    read_object,
)

MOST_BATCHES = 1000  # of 100 each: a cloud that never ends its list must not hold a worker for ever


class RecordingCalls(Calls):
    """Contract, section A: recording on/off, recording settings, list recordings."""

    def start_recording(
        self,
        *,
        room_uuid: str,
        mode: str | None = None,
        web_config: WebRecordConfig | Mapping[str, Any] | None = None,
        retry_timeout_s: int | None = None,
        deadline_s: float | None = None,
    ) -> RecordingStarted:
        """Start recording. ``mode`` None: composite (M3U8 + TS, teachers only); "web": the page as MP4.

        Web mode needs ``web_config`` with the page's address. ``retry_timeout_s``: seconds between the
        cloud's own (at most two) tries. Event 1001 confirms it. Raises ``RecordingNotEnded`` where one runs.
        """
        parts = {"roomUuid": checks.room_id(room_uuid), "state": "1"}
        body: dict[str, Any] = {}
        if mode is not None:
            body["mode"] = checks.one_of(mode, ("web",), field="mode")
            if web_config is None:
                raise InvalidArgument(
                    "webRecordConfig", "is missing; mode web needs at least the page's address."
                )
        if web_config is not None:
            if mode is None:
                raise InvalidArgument("webRecordConfig", "is allowed only with mode web.")
            body["webRecordConfig"] = settings_checks.web_record_config(web_config, starts=True)
        if retry_timeout_s is not None:
            body["retryTimeout"] = checks.whole_number(retry_timeout_s, field="retryTimeout", least=1)
        envelope = self._ask(calls.RECORDING_STATE, parts=parts, body=body, deadline_s=deadline_s)
        return RecordingStarted.model_validate(read_object(envelope.data))

    def stop_recording(self, *, room_uuid: str, deadline_s: float | None = None) -> RecordingStarted:
        """Stop recording. Event 1001 confirms it. Raises ``RecordingNotStarted`` where none runs."""
        parts = {"roomUuid": checks.room_id(room_uuid), "state": "0"}
        envelope = self._ask(calls.RECORDING_STATE, parts=parts, body={}, deadline_s=deadline_s)
        return RecordingStarted.model_validate(read_object(envelope.data))

    def update_recording(
        self,
        *,
        room_uuid: str,
        web_config: WebRecordConfig | Mapping[str, Any],
        deadline_s: float | None = None,
    ) -> Envelope:
        """Change a running web recording: ``onhold`` True pauses, False resumes. Each call overwrites the
        last.

        Sent as ``config.record_update_method`` says. No event confirms it.
        """
        parts = {"roomUuid": checks.room_id(room_uuid)}
        body = {"webRecordConfig": settings_checks.web_record_config(web_config, starts=False)}
        call = calls.UPDATE_RECORDING[self.config.record_update_method]
        return self._ask(call, parts=parts, body=body, deadline_s=deadline_s)

    def list_recordings(
        self, *, room_uuid: str, next_id: str | int | None = None, deadline_s: float | None = None
    ) -> RecordingPage:
        """List a room's recordings, up to 100; go on with the page's ``next_id`` until it is None."""
        envelope = self._ask(
            calls.LIST_RECORDINGS,
            parts={"roomUuid": checks.room_id(room_uuid)},
            query={"nextId": None if next_id is None else checks.next_id(next_id)},
            deadline_s=deadline_s,
        )
        data = read_object(envelope.data)
        listed = data.get("list") if isinstance(envelope.data, dict) else envelope.data
        items, unreadable = read_list(RecordingItem, listed)
        return RecordingPage.model_validate(
            {
                **{name: value for name, value in data.items() if name != "list"},
                "items": items,
                "unreadable": unreadable,
                "nextId": read_next_id(data.get("nextId")),
            }
        )

    def iter_recordings(self, *, room_uuid: str, deadline_s: float | None = None) -> Iterator[RecordingItem]:
        """Go through all of a room's recordings, batch by batch; ``deadline_s`` is for each batch."""
        next_id: str | None = None
        for _batch in range(MOST_BATCHES):
            page = self.list_recordings(room_uuid=room_uuid, next_id=next_id, deadline_s=deadline_s)
            yield from page.items
            if page.next_id is None or page.next_id == next_id:
                return
            next_id = page.next_id
