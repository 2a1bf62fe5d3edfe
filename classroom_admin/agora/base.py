"""What the groups of calls share: sending a call and reading its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from classroom_admin.agora.answers import RawAnswer, read_envelope, read_events_answer
from classroom_admin.agora.calls import Call
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.models import Envelope, EventPage
from classroom_admin.agora.transport import Transport


class Calls:
    """The base of the mixins that make up ``Client``."""

    config: CloudConfig
    transport: Transport

    def _raw(
        self,
        call: Call,
        *,
        parts: Mapping[str, str] | None = None,
        query: Mapping[str, str | None] | None = None,
        body: Any = None,
        deadline_s: float | None = None,
    ) -> RawAnswer:
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        return self.transport.send(call, parts=parts or {}, query=asked, body=body, deadline_s=deadline_s)

    def _ask(
        self,
        call: Call,
        *,
        parts: Mapping[str, str] | None = None,
        query: Mapping[str, str | None] | None = None,
        body: Any = None,
        deadline_s: float | None = None,
    ) -> Envelope:
        raw = self._raw(call, parts=parts, query=query, body=body, deadline_s=deadline_s)
        envelope = read_envelope(raw.body, http_status=raw.http_status, request_id=raw.request_id)
        self.transport.note_cloud_time(envelope.ts, received_at_ms=raw.received_at_ms, took_ms=raw.took_ms)
        return envelope

    def _event_page(self, raw: RawAnswer) -> EventPage:
        answer = read_events_answer(raw.body)
        self.transport.note_cloud_time(answer.ts_ms, received_at_ms=raw.received_at_ms, took_ms=raw.took_ms)
        return EventPage(
            events=answer.events,
            unreadable=answer.unreadable,
            next_id=answer.next_id,
            total=answer.total,
            count=answer.count,
            ts_ms=answer.ts_ms,
        )
