"""What a web process does for all its open pages: hear of changes, hand them on, look after rights, beat.

Lives in one event loop, and works only while somebody watches.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import psycopg
from django.db import DatabaseError
from django.utils import translation

from classroom_admin.common import clock
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.realtime import messages, rights
from classroom_admin.realtime.class_channel import ClassChannel, ClassPage
from classroom_admin.realtime.garbage import Collecting
from classroom_admin.realtime.polled import Holder, PolledRooms
from classroom_admin.realtime.rights import Refused, Right
from classroom_admin.realtime.source import ANYTHING, Changed, Source, source_for
from classroom_admin.realtime.subscriber import Watcher
from classroom_admin.realtime.threads import Threads
from classroom_admin.realtime.versions import Seen
from classroom_admin.rooms.models import Room
from classroom_admin.sync import freshness

log = logging.getLogger(__name__)

DATABASE_TROUBLE: Final = (DatabaseError, psycopg.Error, sqlite3.Error)
RIGHTS_EVERY_S: Final = 4.0
BEAT_EVERY_S: Final = 5.0
BEAT_PARTS: Final = 10
"""The beat goes to a tenth of the pages at a time, so that five thousand are no burst."""
FRESHNESS_EVERY_S: Final = 1.0
REST_SHARE: Final = 0.5
LONGEST_REST_S: Final = 0.1
"""After looking, the process rests for a share of the time that the look took: busy schools stay served."""
RETURNS_A_SECOND: Final = 100
LONGEST_SPREAD_S: Final = 25.0


def spread_s(watchers: int) -> float:
    """Over how many seconds so many pages are to come back, were they all to lose their stream now. Pure."""
    return min(LONGEST_SPREAD_S, max(1.0, watchers / RETURNS_A_SECOND))


class ListChannel(Protocol):
    """All lists of classes that this process sends."""

    async def join(self, watcher: Watcher, user: Any, query: dict[str, str]) -> None:
        """Send the list that `query` asks for, and from then on its changes."""

    def leave(self, watcher: Watcher) -> None:
        """Send nothing more."""

    async def look(self) -> None:
        """Send what changed in the database."""

    async def tick(self) -> None:
        """Send what changed by time alone."""

    async def set_rooms(self, rooms: Mapping[int, set[int]]) -> None:
        """Set the ids of each teacher's own rooms."""


class Hub:
    """One for a process. `source` says that something changed; unless given, as the database has it."""

    def __init__(
        self,
        *,
        class_page: ClassPage,
        list_channel: Callable[[Threads], ListChannel],
        source: Source | None = None,
    ) -> None:
        self._class_page = class_page
        self._threads = Threads()
        self._source = source
        self._tasks: list[asyncio.Task[None]] = []
        self._watchers: set[Watcher] = set()
        self._classes: dict[int, ClassChannel] = {}
        self.lists = list_channel(self._threads)
        self.polled = PolledRooms()
        self._polled_at: datetime | None = None
        self._poll_error = ""
        self._collecting = Collecting()
        self.looks = 0

    # --- who watches ---
    @property
    def watchers(self) -> int:
        return len(self._watchers)

    @property
    def is_awake(self) -> bool:
        return bool(self._tasks)

    def channel(self, room_id: int) -> ClassChannel | None:
        return self._classes.get(room_id)

    async def authorise(self, session_key: str, key: str | None) -> tuple[Any, Right]:
        """As `rights.authorise`, without holding up the loop."""
        return await self._threads.run(rights.authorise, session_key, key)

    async def join_class(self, watcher: Watcher, token: str) -> None:
        """From now on `watcher` is sent the class; first what happened since the version `token`."""
        self._enter(watcher)
        room_id = watcher.right.room_id
        assert room_id is not None
        await self._greet(watcher)
        await self._open(room_id).join(watcher, Seen.read(token))

    async def join_list(self, watcher: Watcher, user: Any, query: dict[str, str]) -> None:
        """From now on `watcher` is sent the list of classes; first its visible part, unless `v` is that."""
        self._enter(watcher)
        await self._greet(watcher)
        await self.lists.join(watcher, user, query)

    def leave(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)
        watcher.is_over = True
        room_id = watcher.right.room_id
        if room_id is None:
            self.lists.leave(watcher)
        elif channel := self._classes.get(room_id):
            channel.leave(watcher)
            self._forget_unwatched(room_id)

    def _enter(self, watcher: Watcher) -> None:
        self._watchers.add(watcher)
        self.wake()

    async def _greet(self, watcher: Watcher) -> None:
        if self._polled_at is None:
            await self._read_freshness()
        watcher.push(messages.facts(messages.HELLO, **self.age(watcher.language)))

    def _open(self, room_id: int) -> ClassChannel:
        if room_id not in self._classes:
            self._classes[room_id] = ClassChannel(room_id, page=self._class_page, threads=self._threads)
        return self._classes[room_id]

    def _forget_unwatched(self, room_id: int) -> None:
        channel = self._classes.get(room_id)
        if channel and not channel.watchers and room_id not in self.polled.rooms():
            del self._classes[room_id]

    # --- pages that ask instead of holding a stream ---
    async def keep_polled(self, holder: Holder) -> None:
        """Keep the room of a page that asks every few seconds at hand, and look after its right."""
        user_id, session_key, room_key = holder
        now = clock.monotonic()
        try:
            user, right = await self.authorise(session_key, room_key)
        except Refused:
            return
        if user.pk == user_id and right.room_id is not None and self.polled.add(holder, right, now=now):
            self.wake()
            await self._open(right.room_id).open()

    def unchanged(self, holder: Holder, token: str) -> bool:
        """Whether this page may be told, without asking the database, that nothing is new since `token`."""
        right = self.polled.right(holder, now=clock.monotonic())
        channel = self._classes.get(right.room_id) if right and right.room_id else None
        return channel is not None and channel.now is not None and str(channel.now) == token

    # --- the work ---
    def wake(self) -> None:
        """Begin to work, if nobody watched until now."""
        if not self._tasks:
            self._collecting.take_over(now=clock.monotonic())
            self._polled_at = None  # what was known when the last one went is old
            self._tasks = [
                asyncio.create_task(self._for_ever(work))
                for work in (self._follow, self._beat, self._look_after_rights, self._keep_fresh)
            ]

    async def close(self) -> None:
        """End every stream and all work."""
        for watcher in list(self._watchers):
            watcher.finish()
        await self._stop()
        await asyncio.to_thread(self._threads.close)

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        self._collecting.give_back()
        for task in tasks:
            if task is not asyncio.current_task():
                task.cancel()
        for task in tasks:
            if task is not asyncio.current_task():
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _for_ever(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run one of the duties until it is done; a failing database must not end it."""
        while True:
            try:
                return await work()
            except DATABASE_TROUBLE as error:
                log.warning("live: %s failed, trying again: %s", work.__name__, error)
                await asyncio.sleep(2)

    async def _follow(self) -> None:
        if self._source is None:
            self._source = await self._threads.run(source_for)
        changes = self._source.changes()
        async with contextlib.aclosing(changes):
            async for changed in changes:
                began = clock.monotonic()
                await self.look(changed)
                await asyncio.sleep(min(LONGEST_REST_S, REST_SHARE * (clock.monotonic() - began)))

    async def look(self, changed: Changed = ANYTHING) -> None:
        """Read which of the watched rooms moved, and hand on what changed in them."""
        wanted = [pk for pk, channel in self._classes.items() if channel.now is not None]
        if changed is not ANYTHING:
            wanted = [pk for pk in wanted if pk in changed]
        if wanted:
            self.looks += 1
            rooms = await self._threads.run(self._class_page.load, wanted)
            await asyncio.gather(*(self._advance(room) for room in rooms.values()))
        await self.lists.look()

    async def _advance(self, room: Room) -> None:
        if channel := self._classes.get(room.pk):
            await channel.advance(room)

    async def _beat(self) -> None:
        while True:
            everybody = list(self._watchers)
            for part in range(BEAT_PARTS):
                await asyncio.sleep(BEAT_EVERY_S / BEAT_PARTS)
                beats: dict[str, bytes] = {}
                for watcher in everybody[part::BEAT_PARTS]:
                    language = watcher.language
                    if language not in beats:
                        beats[language] = messages.facts(messages.POLLED, **self.age(language))
                    watcher.push(beats[language])

    def age(self, language: str) -> dict[str, Any]:
        """How old the data is (s; None: there is none), what is wrong with the cloud, in words of `language`,
        and the spread.
        """
        age = None if self._polled_at is None else (clock.now() - self._polled_at).total_seconds()
        with translation.override(language):
            trouble = stored_in_words(self._poll_error)
        return {
            "age": None if age is None else round(age, 1),
            "trouble": trouble,
            "spread": spread_s(self.watchers),
        }

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(FRESHNESS_EVERY_S)
            await self._read_freshness()
            await self.lists.tick()
            self._collecting.collect_if_due(now=clock.monotonic())

    async def _read_freshness(self) -> None:
        self._polled_at, self._poll_error = await self._threads.run(freshness.read)

    async def _look_after_rights(self) -> None:
        while self._watchers or self.polled:
            await asyncio.sleep(RIGHTS_EVERY_S)
            await self.check_rights()
        await self._stop()

    async def check_rights(self) -> None:
        """End the streams of those who may not watch any more: a fixed number of queries for all."""
        for room_id in self.polled.drop_idle(now=clock.monotonic()):
            self._forget_unwatched(room_id)
        watching = list(self._watchers)
        truth = await self._threads.run(
            rights.read, {watcher.right for watcher in watching} | self.polled.rights()
        )
        for watcher in watching:
            if reason := truth.refusal(watcher.right):
                watcher.finish(messages.end(reason))
        self.polled.checked(truth, now=clock.monotonic())
        await self.lists.set_rooms(truth.rooms)
