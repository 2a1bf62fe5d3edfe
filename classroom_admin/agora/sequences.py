"""Events: the polling stream, one room's events, quiz and poll data. Each as bytes (``_raw``) and read.

Who stores events asks for the raw form, commits the bytes, and reads them afterwards with
``answers.read_events_answer``. Raw forms raise for other than 2xx, and do not look into a 2xx body.
"""

from __future__ import annotations

from classroom_admin.agora import calls, checks
from classroom_admin.agora.answers import RawAnswer
from classroom_admin.agora.base import Calls
from classroom_admin.agora.calls import Call
from classroom_admin.agora.models import EventPage


class SequenceCalls(Calls):
    """Contract, section A: all rooms' events, one room's events, quiz data, poll data."""

    def polled_sequences_raw(self, *, deadline_s: float | None = None) -> RawAnswer:
        """Take what is new in all rooms. **Each event is handed out once, ever**: store the body before all
        else.

        Never repeated by itself once it may have been sent. ``CloudUnavailable.may_have_happened`` says that
        events may be lost to this reader (ask room by room), ``partial_body`` holds what came of them.
        ``RateLimited``: nothing was drained, come back after ``retry_after_s``.
        """
        return self._raw(calls.POLL_EVENTS, deadline_s=deadline_s)

    def polled_sequences(self, *, deadline_s: float | None = None) -> EventPage:
        """Take what is new in all rooms, read. ``UnreadableAnswer`` keeps the body: it can't be had again."""
        return self._event_page(self.polled_sequences_raw(deadline_s=deadline_s))

    def room_sequences_raw(
        self,
        *,
        room_uuid: str,
        next_id: str | int | None = None,
        cmd: int | None = None,
        deadline_s: float | None = None,
    ) -> RawAnswer:
        """Ask for a room's events from sequence ``next_id`` on, up to 100; repeatable until the room is
        destroyed.
        """
        query = {
            "nextId": None if next_id is None else checks.next_id(next_id),
            "cmd": None if cmd is None else str(checks.event_kind(cmd)),
        }
        parts = {"roomUuid": checks.room_id(room_uuid)}
        return self._raw(calls.ROOM_EVENTS, parts=parts, query=query, deadline_s=deadline_s)

    def room_sequences(
        self,
        *,
        room_uuid: str,
        next_id: str | int | None = None,
        cmd: int | None = None,
        deadline_s: float | None = None,
    ) -> EventPage:
        """Like ``room_sequences_raw``, read. Raises ``RoomNotFound`` for a destroyed room."""
        return self._event_page(
            self.room_sequences_raw(room_uuid=room_uuid, next_id=next_id, cmd=cmd, deadline_s=deadline_s)
        )

    def quiz_sequences_raw(
        self,
        *,
        room_uuid: str,
        next_id: str | int | None = None,
        count: int | None = None,
        deadline_s: float | None = None,
    ) -> RawAnswer:
        """Ask for a room's quiz data from ``next_id`` on, up to ``count`` (1 to 100; 100 unless given)."""
        return self._widget(calls.QUIZ_EVENTS, room_uuid, next_id, count, deadline_s)

    def quiz_sequences(
        self,
        *,
        room_uuid: str,
        next_id: str | int | None = None,
        count: int | None = None,
        deadline_s: float | None = None,
    ) -> EventPage:
        """Like ``quiz_sequences_raw``, read."""
        return self._event_page(self._widget(calls.QUIZ_EVENTS, room_uuid, next_id, count, deadline_s))

    def poll_sequences_raw(
        self,
        *,
        room_uuid: str,
        next_id: str | int | None = None,
        count: int | None = None,
        deadline_s: float | None = None,
    ) -> RawAnswer:
        """Ask for a room's poll data from ``next_id`` on, up to ``count`` (1 to 100; 100 unless given)."""
        return self._widget(calls.POLL_WIDGET_EVENTS, room_uuid, next_id, count, deadline_s)

    def poll_sequences(
        self,
        *,
        room_uuid: str,
        next_id: str | int | None = None,
        count: int | None = None,
        deadline_s: float | None = None,
    ) -> EventPage:
        """Like ``poll_sequences_raw``, read."""
        return self._event_page(self._widget(calls.POLL_WIDGET_EVENTS, room_uuid, next_id, count, deadline_s))

    def _widget(
        self,
        call: Call,
        room_uuid: str,
        next_id: str | int | None,
        count: int | None,
        deadline_s: float | None,
    ) -> RawAnswer:
        query = {
            "nextId": None if next_id is None else checks.next_id(next_id),
            "count": None if count is None else str(checks.count(count)),
        }
        parts = {"roomUuid": checks.room_id(room_uuid)}
        return self._raw(call, parts=parts, query=query, deadline_s=deadline_s)
