"""Everybody who watches one class: brought to the same version, and from there on by the same bytes."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Final

from classroom_admin.realtime.subscriber import Watcher
from classroom_admin.realtime.threads import Threads
from classroom_admin.realtime.versions import Seen
from classroom_admin.rooms.models import Room
from classroom_admin.web.classroom import rendering

log = logging.getLogger(__name__)

MOST_CATCH_UPS: Final = 64
"""Renderings kept for those who come back: after a deploy they come from the same few versions."""


class ClassChannel:
    """One class. `now` is what all its watchers have been sent; None until the room was first read."""

    def __init__(self, room_id: int, *, threads: Threads) -> None:
        self.room_id = room_id
        self.now: Seen | None = None
        self.renders = 0
        self._threads = threads
        self._room: Room | None = None
        self._watchers: dict[str, set[Watcher]] = defaultdict(set)
        self._memos: dict[str, dict[str, str]] = {}
        self._catch_ups: dict[tuple[Seen, Seen, str], asyncio.Future[bytes]] = {}
        self._opening = asyncio.Lock()

    @property
    def watchers(self) -> int:
        return sum(len(group) for group in self._watchers.values())

    @property
    def knows_looks(self) -> bool:
        """Whether only parts that changed will be sent, in every language that is watched."""
        return bool(self._memos) and all(self._memos.get(language) for language in self._watchers)

    async def open(self) -> None:
        """Read the room, once, however many ask at the same time."""
        async with self._opening:
            if self.now is None:
                rooms = await self._threads.run(rendering.load, [self.room_id])
                if room := rooms.get(self.room_id):
                    self._room, self.now = room, Seen.of(room)

    async def join(self, watcher: Watcher, seen: Seen) -> None:
        """Send `watcher` what happened since `seen`, and from then on what all are sent."""
        await self.open()
        while self.now is not None:
            now = self.now
            if seen != now:
                watcher.push(await self._catch_up(seen, now, watcher.language))
                seen = now
            # what everybody is sent next starts from `now`: between these two lines nothing may wait
            if self.now == now:
                self._watchers[watcher.language].add(watcher)
                break
        if watcher.language not in self._memos:
            await self._learn_looks(watcher.language)

    def leave(self, watcher: Watcher) -> None:
        group = self._watchers.get(watcher.language)
        if group is not None:
            group.discard(watcher)
            if not group:
                del self._watchers[watcher.language]
                self._memos.pop(watcher.language, None)

    async def advance(self, room: Room) -> None:
        """Bring all watchers to `room`: one rendering for each language. Called by one task at a time."""
        before, after = self.now, Seen.of(room)
        if before is None or before == after:
            return
        made: dict[str, rendering.Rendered] = {}
        for language in list(self._watchers):
            self.renders += 1
            made[language] = await self._threads.run(
                rendering.class_message,
                room,
                seen=before,
                language=language,
                memo=self._memos.get(language),
            )
        self._room, self.now = room, after
        self._catch_ups.clear()
        self._memos.clear()
        for language, group in list(self._watchers.items()):
            for watcher in list(group):
                if language in made:
                    watcher.push(made[language].message)
                else:  # the first of this language, come while the others' was rendered: they come again
                    watcher.cut_off()
        if made and await self._is_still(after):
            self._memos = {language: one.memo for language, one in made.items() if language in self._watchers}

    async def _is_still(self, seen: Seen) -> bool:
        """Whether the room is still at `seen`: only then what was rendered is what it looks like there."""
        rooms = await self._threads.run(rendering.load, [self.room_id])
        return self.room_id in rooms and Seen.of(rooms[self.room_id]) == seen

    async def _learn_looks(self, language: str) -> None:
        """Remember what the parts look like that are sent whole, so that only changed ones are sent."""
        room, now = self._room, self.now
        if room is None or now is None:
            return
        self._memos[language] = {}
        looks = await self._threads.run(rendering.looks, room, language=language)
        if await self._is_still(now) and self.now == now and language in self._watchers:
            self._memos[language] = looks

    async def _catch_up(self, seen: Seen, now: Seen, language: str) -> bytes:
        """The message from `seen` to `now`, rendered once for all who come with the same."""
        key = (seen, now, language)
        if key not in self._catch_ups:
            while len(self._catch_ups) >= MOST_CATCH_UPS:
                del self._catch_ups[next(iter(self._catch_ups))]
            self._catch_ups[key] = asyncio.ensure_future(self._render(seen, language))
        return await asyncio.shield(self._catch_ups[key])

    async def _render(self, seen: Seen, language: str) -> bytes:
        self.renders += 1
        rendered = await self._threads.run(rendering.class_message, self._room, seen=seen, language=language)
        return rendered.message
