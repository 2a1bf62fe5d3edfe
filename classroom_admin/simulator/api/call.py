"""The request object that handlers receive."""

from dataclasses import dataclass, field
from typing import Any

from classroom_admin.simulator.checks import Fields, as_integer
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.faults.board import FaultBoard, Plan
from classroom_admin.simulator.world import Room, User, World
from classroom_admin.simulator.world.events import PAGE, Event


class RawJson(bytes):
    """Serialised JSON. A handler may return it instead of an object."""


@dataclass(slots=True, kw_only=True)
class Call:
    """A request. ``params`` has the values of the placeholders in the path. ``uid`` is the caller.

    ``taken`` contains the events that a polling response delivers.
    """

    world: World
    params: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    uid: str
    request_id: str
    poll_batch: int
    plan: Plan
    board: FaultBoard
    taken: list[Event] = field(default_factory=list)

    @property
    def fields(self) -> Fields:
        return Fields(self.body)

    def room(self) -> Room:
        return self.world.room(self.params["room"])

    def user(self, room: Room) -> User:
        return self.world.user(room, self.params["user"])

    def next_id(self) -> int:
        """Return ``nextId``, the number of the first requested item. The default is 1.

        Raise CloudError 400 if it is not a number.
        """
        value = self.query.get("nextId", "")
        if value in ("", "null"):
            return 1
        number = as_integer(value)
        if number is None or number < 0:
            raise bad_parameter("nextId", "must be a number from an earlier answer")
        return max(1, number)

    def query_integer(self, name: str, *, low: int, high: int | None = None) -> int | None:
        value = self.query.get(name)
        if value is None or value == "":
            return None
        return Fields(dict(self.query)).integer(name, low=low, high=high)

    def page(self, rows: list[Any], count: int = PAGE) -> dict[str, Any]:
        """Return the requested page of a list. Items are numbered from 1."""
        first = self.next_id()
        batch = rows[first - 1 : first - 1 + count]
        following = first + len(batch)
        more = bool(batch) and following <= len(rows)
        return {
            "total": len(rows),
            "count": len(batch),
            "list": batch,
            "nextId": str(following) if more else None,
        }
