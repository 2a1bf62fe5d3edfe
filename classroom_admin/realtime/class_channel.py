"""Send updates to the subscribers of one class. Those with equal language and rights get the same bytes."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from classroom_admin.common import clock, metrics
from classroom_admin.realtime.process import Threads
from classroom_admin.realtime.subscriber import Subscriber, Viewers
from classroom_admin.realtime.versions import PageVersion
from classroom_admin.rooms.models import Room

MOST_CATCH_UPS: Final = 64
"""The maximum number of cached messages for reconnecting pages. Many of these pages have the same version."""


Pushed: TypeAlias = tuple[Room | None, Room, datetime]
"""The room before and after a change, and the time at which open pages got the change."""


@dataclass(slots=True)
class Rendered:
    """A message for class pages, and the HTML of the parts that updates always replace completely.

    `parts` has the HTML by template.
    """

    message: bytes
    parts: dict[str, str] = field(default_factory=dict)


class ClassPage(Protocol):
    """The interface that loads and renders a class page. The hub calls the methods in threads."""

    def load(self, ids: Collection[int]) -> dict[int, Room]:
        """Return the rooms with these ids, with the annotations that `PageVersion.of` needs."""

    def render(
        self, room: Room, *, seen: PageVersion, viewers: Viewers, known: Mapping[str, str] | None = None
    ) -> Rendered:
        """Render the changes from `seen` to `room`. Skip the parts that have the same HTML in `known`."""

    def whole_parts(self, room: Room, *, viewers: Viewers) -> dict[str, str]:
        """Return the HTML of the parts that updates always replace completely, by template."""


class ClassChannel:
    """The channel of a class. All subscribers have the version `now`. It is None until the room is loaded."""

    def __init__(self, room_id: int, *, page: ClassPage, threads: Threads) -> None:
        self.room_id = room_id
        self.now: PageVersion | None = None
        self.renders = 0
        self._page = page
        self._threads = threads
        self._room: Room | None = None
        self._subscribers: dict[Viewers, set[Subscriber]] = defaultdict(set)
        self._parts: dict[Viewers, dict[str, str]] = {}
        self._catch_ups: dict[tuple[PageVersion, PageVersion, Viewers], asyncio.Future[bytes]] = {}
        self._opening = asyncio.Lock()

    @property
    def subscribers(self) -> int:
        return sum(len(group) for group in self._subscribers.values())

    @property
    def skips_unchanged_parts(self) -> bool:
        """Whether updates can skip unchanged parts.

        For this, their last HTML must be known for all viewers.
        """
        return bool(self._parts) and all(self._parts.get(viewers) for viewers in self._subscribers)

    async def open(self) -> None:
        """Load the room. Concurrent calls load it only once."""
        async with self._opening:
            if self.now is None:
                rooms = await self._threads.run(self._page.load, [self.room_id])
                if room := rooms.get(self.room_id):
                    self._room, self.now = room, PageVersion.of(room)

    async def join(self, subscriber: Subscriber, seen: PageVersion) -> None:
        """Send `subscriber` the changes since `seen`, then every later change."""
        await self.open()
        while self.now is not None:
            now = self.now
            if seen != now:
                subscriber.push(await self._catch_up(seen, now, subscriber.viewers))
                seen = now
            # Do not `await` between this check and `add`, because the next message to all starts from `now`.
            if self.now == now:
                self._subscribers[subscriber.viewers].add(subscriber)
                break
        if subscriber.viewers not in self._parts:
            await self._render_whole_parts(subscriber.viewers)

    def leave(self, subscriber: Subscriber) -> None:
        group = self._subscribers.get(subscriber.viewers)
        if group is not None:
            group.discard(subscriber)
            if not group:
                del self._subscribers[subscriber.viewers]
                self._parts.pop(subscriber.viewers, None)

    async def advance(self, room: Room) -> None:
        """Send all subscribers the changes in `room`. Do not call this concurrently."""
        before, after = self.now, PageVersion.of(room)
        if before is None or before == after:
            return
        rendered: dict[Viewers, Rendered] = {}
        for viewers in list(self._subscribers):
            self._count_rendering()
            rendered[viewers] = await self._threads.run(
                self._page.render, room, seen=before, viewers=viewers, known=self._parts.get(viewers)
            )
        previous, self._room, self.now = self._room, room, after
        self._catch_ups.clear()
        self._parts.clear()
        for viewers, group in list(self._subscribers.items()):
            for subscriber in list(group):
                if viewers in rendered:
                    subscriber.push(rendered[viewers].message)
                else:  # The first subscriber of its kind joined during the rendering. The page reconnects.
                    subscriber.cut_off()
        if rendered and await self._is_still(after, pushed=(previous, room, clock.now())):
            self._parts = {
                viewers: one.parts for viewers, one in rendered.items() if viewers in self._subscribers
            }

    def _count_rendering(self) -> None:
        self.renders += 1
        metrics.rendering("class")

    async def _is_still(self, version: PageVersion, *, pushed: Pushed | None = None) -> bool:
        """Return whether the room in the database still has `version`. Before that, measure what was sent."""
        return await self._threads.run(self._read_again, version, pushed)

    def _read_again(self, version: PageVersion, pushed: Pushed | None) -> bool:
        if pushed is not None and metrics.counts_here():
            _measure(*pushed)
        room = self._page.load([self.room_id]).get(self.room_id)
        return room is not None and PageVersion.of(room) == version

    async def _render_whole_parts(self, viewers: Viewers) -> None:
        """Render and store the whole parts, so that later updates can skip those that do not change."""
        room, now = self._room, self.now
        if room is None or now is None:
            return
        self._parts[viewers] = {}
        parts = await self._threads.run(self._page.whole_parts, room, viewers=viewers)
        if await self._is_still(now) and self.now == now and viewers in self._subscribers:
            self._parts[viewers] = parts

    async def _catch_up(self, seen: PageVersion, now: PageVersion, viewers: Viewers) -> bytes:
        """Return the message that updates a page from `seen` to `now`.

        The message is cached for other pages.
        """
        key = (seen, now, viewers)
        if key not in self._catch_ups:
            while len(self._catch_ups) >= MOST_CATCH_UPS:
                del self._catch_ups[next(iter(self._catch_ups))]
            self._catch_ups[key] = asyncio.ensure_future(self._render(seen, viewers))
        return await asyncio.shield(self._catch_ups[key])

    async def _render(self, seen: PageVersion, viewers: Viewers) -> bytes:
        self._count_rendering()
        assert self._room is not None
        rendered = await self._threads.run(self._page.render, self._room, seen=seen, viewers=viewers)
        return rendered.message


def _measure(before: Room | None, room: Room, pushed_at: datetime) -> None:
    """Measure how old the last event was when pages got it, unless this change had no new event."""
    if before is not None and room.last_event_at and room.last_event_id > before.last_event_id:
        metrics.event_pushed((pushed_at - clock.as_our_time(room.last_event_at)).total_seconds())
