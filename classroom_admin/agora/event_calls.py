"""Calls for events.

The calls return the response before parsing. Store its body before you parse it with `read_events_answer`.
"""

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
    """Fetch new events of all rooms. **The cloud delivers each event only once**, so store the body first.

    If `CloudUnavailable.may_have_happened` is True, events may be lost. Fetch them for each room. After
    `RateLimited`, no event is lost. Poll again after `retry_after_s`.
    """

    template = "/{region}/edu/polling/apps/{appId}/v2/rooms/sequences"
    repeat = False
    patient = False
    why = (
        "each event is handed out once: a lost answer is fetched again room by room, not by a second poll; "
        "after 429 or with no host in reach nothing was handed out, and the poller has a beat of its own"
    )


class RoomEvents(_EventsCall):
    """Fetch up to 100 events of a room, beginning with sequence `next_id`. A destroyed room has no events."""

    template = f"{ROOM}/sequences"

    room_uuid: Id
    next_id: NextId | None = None
    cmd: Kind | None = None

    def query(self) -> Mapping[str, str]:
        return given(nextId=self.next_id, cmd=None if self.cmd is None else str(self.cmd))


class QuizEvents(_EventsCall):
    """Fetch up to `count` quiz events of a room, beginning with `next_id`.

    Some documents write the path with the region and others without. The client finds out which one works.
    """

    template = f"{WIDGETS}/popupQuiz/sequences"
    other_template = f"/{{region}}{template}"

    room_uuid: Id
    next_id: NextId | None = None
    count: Count | None = None

    def query(self) -> Mapping[str, str]:
        return given(nextId=self.next_id, count=None if self.count is None else str(self.count))


class PollWidgetEvents(QuizEvents):
    """Fetch poll events of a room, with the parameters of `QuizEvents`."""

    template = f"{WIDGETS}/poll/sequences"
    other_template = f"/{{region}}{template}"
