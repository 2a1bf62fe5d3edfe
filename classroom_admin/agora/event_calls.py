"""Calls for events. Their answer is the bytes as they came: store them before `read_events_answer` reads
them.

A is the section of the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BeforeValidator

from classroom_admin.agora import fields
from classroom_admin.agora.answers import RawAnswer
from classroom_admin.agora.call import ReadCall, given
from classroom_admin.agora.calls import ROOM
from classroom_admin.agora.fields import Id, NextId

WIDGETS: Final = "/edu/apps/{appId}/v2/rooms/{roomUuid}/widgets"
Kind = Annotated[int, BeforeValidator(fields.whole(0, 2**31 - 1))]
Count = Annotated[int, BeforeValidator(fields.whole(1, 100))]


class _EventsCall(ReadCall[RawAnswer]):
    def read(self, raw: RawAnswer) -> tuple[RawAnswer, int | None]:
        return raw, None


class PollEvents(_EventsCall):
    """Take what is new in all rooms (A). **Each event is handed out once, ever**: store the body first.

    `CloudUnavailable.may_have_happened` says that events may be lost to this reader (ask room by room);
    `partial_body` holds what came of them. `RateLimited`: nothing was handed out, ask after `retry_after_s`.
    """

    operation = "polledSequences"
    template = "/{region}/edu/polling/apps/{appId}/v2/rooms/sequences"
    repeat = False
    patient = False
    why = (
        "each event is handed out once: a lost answer is fetched again room by room, not by a second poll; "
        "after 429 or with no host in reach nothing was handed out, and the poller has a beat of its own"
    )


class RoomEvents(_EventsCall):
    """Ask for a room's events from sequence `next_id` on, up to 100 (A); until the room is destroyed."""

    operation = "roomSequences"
    template = f"{ROOM}/sequences"

    room_uuid: Id
    next_id: NextId | None = None
    cmd: Kind | None = None

    def query(self) -> Mapping[str, str]:
        return given(nextId=self.next_id, cmd=None if self.cmd is None else str(self.cmd))


class QuizEvents(_EventsCall):
    """Ask for a room's quiz data from `next_id` on, up to `count` (A; 100 unless given)."""

    operation = "quizSequences"
    template = f"{WIDGETS}/popupQuiz/sequences"

    room_uuid: Id
    next_id: NextId | None = None
    count: Count | None = None

    def query(self) -> Mapping[str, str]:
        return given(nextId=self.next_id, count=None if self.count is None else str(self.count))


class PollWidgetEvents(QuizEvents):
    """Ask for a room's poll data, like `QuizEvents`."""

    operation = "pollSequences"
    template = f"{WIDGETS}/poll/sequences"
