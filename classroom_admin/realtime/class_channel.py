"""The subscribers of one class: each is brought to the same version, then all get the same bytes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from classroom_admin.realtime.subscriber import Subscriber
from classroom_admin.realtime.threads import Threads
from classroom_admin.realtime.versions import PageVersion
from classroom_admin.rooms.models import Room

MOST_CATCH_UPS: Final = 64
"""Catch-up messages to keep: after a deployment, pages return from the same few versions."""


@dataclass(slots=True)
class Rendered:
    """A message, and after it the HTML of the whole parts by template."""

    message: bytes
    parts: dict[str, str] = field(default_factory=dict)


class ClassPage(Protocol):
    """Loads and renders the page of a class. Called in threads, never in the event loop."""

    def load(self, ids: Collection[int]) -> dict[int, Room]:
        """Return the rooms with these ids, annotated as `PageVersion.of` needs them."""

    def render(
        self, room: Room, *, seen: PageVersion, language: str, known: Mapping[str, str] | None = None
    ) -> Rendered:
        """Render what brings a page from `seen` to `room`; leave out whole parts that equal `known`."""

    def whole_parts(self, room: Room, *, language: str) -> dict[str, str]:
        """Render the parts that are always sent whole, by template."""


class ClassChannel:
    """One class. `now` is the version that all subscribers have got; None until the room is loaded."""

    def __init__(self, room_id: int, *, page: ClassPage, threads: Threads) -> None:
        self.room_id = room_id
        self.now: PageVersion | None = None
        self.renders = 0
        self._page = page
        self._threads = threads
        self._room: Room | None = None
        self._subscribers: dict[str, set[Subscriber]] = defaultdict(set)
        self._parts: dict[str, dict[str, str]] = {}
        self._catch_ups: dict[tuple[PageVersion, PageVersion, str], asyncio.Future[bytes]] = {}
        self._opening = asyncio.Lock()

    @property
    def subscribers(self) -> int:
        return sum(len(group) for group in self._subscribers.values())

    @property
    def skips_unchanged_parts(self) -> bool:
        """Whether the whole parts are known in all languages, so that only changed ones are sent."""
        return bool(self._parts) and all(self._parts.get(language) for language in self._subscribers)

    async def open(self) -> None:
        """Load the room once, however many callers come at the same time."""
        async with self._opening:
            if self.now is None:
                rooms = await self._threads.run(self._page.load, [self.room_id])
                if room := rooms.get(self.room_id):
                    self._room, self.now = room, PageVersion.of(room)

    async def join(self, subscriber: Subscriber, seen: PageVersion) -> None:
        """Send `subscriber` what changed since `seen`, and every change from then on."""
        await self.open()
        while self.now is not None:
            now = self.now
            if seen != now:
                subscriber.push(await self._catch_up(seen, now, subscriber.language))
                seen = now
            # no `await` between this check and the registration: the next message for all starts from `now`
            if self.now == now:
                self._subscribers[subscriber.language].add(subscriber)
                break
        if subscriber.language not in self._parts:
            await self._render_whole_parts(subscriber.language)

    def leave(self, subscriber: Subscriber) -> None:
        group = self._subscribers.get(subscriber.language)
        if group is not None:
            group.discard(subscriber)
            if not group:
                del self._subscribers[subscriber.language]
                self._parts.pop(subscriber.language, None)

    async def advance(self, room: Room) -> None:
        """Bring all subscribers to `room` with one rendering per language. Not to be called concurrently."""
        before, after = self.now, PageVersion.of(room)
        if before is None or before == after:
            return
        rendered: dict[str, Rendered] = {}
        for language in list(self._subscribers):
            self.renders += 1
            rendered[language] = await self._threads.run(
                self._page.render, room, seen=before, language=language, known=self._parts.get(language)
            )
        self._room, self.now = room, after
        self._catch_ups.clear()
        self._parts.clear()
        for language, group in list(self._subscribers.items()):
            for subscriber in list(group):
                if language in rendered:
                    subscriber.push(rendered[language].message)
                else:  # joined with a new language during the rendering: its page reconnects
                    subscriber.cut_off()
        if rendered and await self._is_still(after):
            self._parts = {
                language: one.parts for language, one in rendered.items() if language in self._subscribers
            }

    async def _is_still(self, version: PageVersion) -> bool:
        """Whether the room is still at `version`. If not, the rendered parts may already be newer."""
        rooms = await self._threads.run(self._page.load, [self.room_id])
        return self.room_id in rooms and PageVersion.of(rooms[self.room_id]) == version

    async def _render_whole_parts(self, language: str) -> None:
        """Store the whole parts as they are now, so that later only changed ones are sent."""
        room, now = self._room, self.now
        if room is None or now is None:
            return
        self._parts[language] = {}
        parts = await self._threads.run(self._page.whole_parts, room, language=language)
        if await self._is_still(now) and self.now == now and language in self._subscribers:
            self._parts[language] = parts

    async def _catch_up(self, seen: PageVersion, now: PageVersion, language: str) -> bytes:
        """Return the message from `seen` to `now`, rendered once for all pages that need the same."""
        key = (seen, now, language)
        if key not in self._catch_ups:
            while len(self._catch_ups) >= MOST_CATCH_UPS:
                del self._catch_ups[next(iter(self._catch_ups))]
            self._catch_ups[key] = asyncio.ensure_future(self._render(seen, language))
        return await asyncio.shield(self._catch_ups[key])

    async def _render(self, seen: PageVersion, language: str) -> bytes:
        self.renders += 1
        assert self._room is not None
        rendered = await self._threads.run(self._page.render, self._room, seen=seen, language=language)
        return rendered.message
