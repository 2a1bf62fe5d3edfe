"""Send changes and heartbeats to all open pages of a web process, and check the pages' permissions.

A hub belongs to one event loop and runs only while a page is open.
"""

import asyncio
import contextlib
import contextvars
import logging
import random
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import translation

from classroom_admin.accounts.models import User
from classroom_admin.common import clock, database_outage, metrics
from classroom_admin.realtime import messages, rights
from classroom_admin.realtime.class_channel import ClassChannel, ClassPage
from classroom_admin.realtime.limits import StreamLimits
from classroom_admin.realtime.polling import PageKey, PollingPages
from classroom_admin.realtime.process import THREADS, GarbageCollector, Threads
from classroom_admin.realtime.rights import Refused, Right
from classroom_admin.realtime.source import ANYTHING, Changed, source_for
from classroom_admin.realtime.subscriber import Subscriber
from classroom_admin.realtime.versions import PageVersion
from classroom_admin.rooms.models import Room
from classroom_admin.sync import freshness, polling_pace

log = logging.getLogger(__name__)
Result = TypeVar("Result")

_connection: Any = connections[DEFAULT_DB_ALIAS]
DATABASE_ERRORS: Final = (*database_outage.ERRORS, _connection.Database.Error)
"""The errors of Django's queries, and those of the driver, which the sources of changes use directly."""
RETRY_AFTER_S: Final = 2.0
RIGHTS_EVERY_S: Final = 4.0
HEARTBEAT_EVERY_S: Final = 5.0
HEARTBEAT_PARTS: Final = 10
"""The number of groups of pages. Each group gets its heartbeat at a different time, to avoid a burst."""
TICK_EVERY_S: Final = 1.0
PAUSE_SHARE: Final = 0.5
LONGEST_PAUSE_S: Final = 0.1
"""The maximum pause after an update, so that other requests can run. A pause lasts PAUSE_SHARE of the
update's time.
"""
FILTERED_PAUSE_SHARE: Final = 4.0
LONGEST_FILTERED_PAUSE_S: Final = 1.0
"""The maximum pause after a filtered list was sent. A pause lasts FILTERED_PAUSE_SHARE of the rendering's
time, because one account may have many filtered lists.
"""
RETURNS_PER_SECOND: Final = 100
LONGEST_SPREAD_S: Final = 25.0
SHORTEST_RETURN_S: Final = 1.0
"""The least time (s) before a client connects again to a server that stops."""


def spread_s(pages: int) -> float:
    """Return the time in seconds over which `pages` pages should reconnect if all streams end now."""
    return min(LONGEST_SPREAD_S, max(1.0, pages / RETURNS_PER_SECOND))


def _page(subscriber: Subscriber) -> metrics.Page:
    return "list" if subscriber.right.room_id is None else "class"


def _note(error: Exception, what: str) -> None:
    """Log an error of the database. An outage is logged once, not by each task that notices it."""
    if database_outage.is_outage(error):
        database_outage.of_process.note(error)
    else:
        log.warning("live updates: %s failed, retrying: %s", what, error)


class ListChannel(Protocol):
    """The interface that updates open pages with the list of classes."""

    async def join(self, subscriber: Subscriber, user: User, query: dict[str, str]) -> None:
        """Send `subscriber` the classes that `query` selects, then every change."""

    def has_room_for(self, subscriber: Subscriber, query: dict[str, str]) -> bool:
        """Return whether the account of `subscriber` may open one more list, the one that `query` selects."""

    def leave(self, subscriber: Subscriber) -> None:
        """Stop sending updates to `subscriber`."""

    async def refresh(self) -> None:
        """Send the changes that happened in the database, except to filtered lists."""

    async def send_filtered(self) -> float:
        """Wait until a filtered list is outdated. Then send it, each account's lists in turn.

        Return the seconds that this took.
        """

    async def tick(self) -> None:
        """Send the changes that happen only because time passes."""

    async def set_rooms(self, rooms: Mapping[int, set[int]]) -> None:
        """Set the ids of each teacher's own rooms, by the teacher's account id."""


class Hub:
    """The hub of a process. It watches the default database and updates the open pages."""

    def __init__(
        self,
        *,
        class_page: ClassPage,
        list_channel: Callable[[Threads], ListChannel],
    ) -> None:
        self._class_page = class_page
        self._threads = Threads()
        # The updates of many classes do not fill the threads' queue, so a new page waits for few of them.
        self._updates = asyncio.Semaphore(THREADS)
        self._tasks: list[asyncio.Task[None]] = []
        self._subscribers: set[Subscriber] = set()
        self._classes: dict[int, ClassChannel] = {}
        self.lists = list_channel(self._threads)
        self.limits = StreamLimits()
        self._polling = PollingPages()
        self._polled_at: datetime | None = None
        self._poll_error = ""
        self._garbage = GarbageCollector()
        self._is_ending = False
        self.reads = 0

    # --- subscribers ---
    @property
    def subscribers(self) -> int:
        return len(self._subscribers)

    @property
    def is_running(self) -> bool:
        return bool(self._tasks)

    def channel(self, room_id: int) -> ClassChannel | None:
        return self._classes.get(room_id)

    async def authorise(self, session_key: str, key: str | None) -> tuple[User, Right]:
        """Call `rights.authorise` in a thread."""
        return await self.run(rights.authorise, session_key, key)

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Call a function that uses the database in one of the threads of this hub."""
        return await self._threads.run(work, *arguments)

    async def join_class(self, subscriber: Subscriber, version: str) -> None:
        """Send `subscriber` the changes in its class since `version`, then every later change."""
        await self._add(subscriber)
        room_id = subscriber.right.room_id
        assert room_id is not None
        await self._open(room_id).join(subscriber, PageVersion.parse(version))

    async def join_list(self, subscriber: Subscriber, user: User, query: dict[str, str]) -> None:
        """Send `subscriber` the list of classes, then all changes.

        Skip the list if its version is current.
        """
        await self._add(subscriber)
        await self.lists.join(subscriber, user, query)

    def leave(self, subscriber: Subscriber) -> None:
        if subscriber in self._subscribers:
            self._subscribers.remove(subscriber)
            metrics.subscriber(_page(subscriber), -1)
        subscriber.is_over = True
        room_id = subscriber.right.room_id
        if room_id is None:
            self.lists.leave(subscriber)
        elif channel := self._classes.get(room_id):
            channel.leave(subscriber)
            self._close_if_unused(room_id)

    async def _add(self, subscriber: Subscriber) -> None:
        self._subscribers.add(subscriber)
        metrics.subscriber(_page(subscriber), 1)
        self._start()
        if self._polled_at is None:
            await self._read_freshness()
        subscriber.push(
            messages.json_message(messages.HELLO, **self.status(subscriber.language, subscriber.right))
        )
        if self._is_ending:
            self._end_stream(subscriber)

    def _open(self, room_id: int) -> ClassChannel:
        if room_id not in self._classes:
            self._classes[room_id] = ClassChannel(room_id, page=self._class_page, threads=self._threads)
        return self._classes[room_id]

    def _close_if_unused(self, room_id: int) -> None:
        channel = self._classes.get(room_id)
        if channel and not channel.subscribers and room_id not in self._polling.rooms():
            del self._classes[room_id]

    # --- pages that poll because they cannot keep a stream open ---
    async def add_polling_page(self, page: PageKey) -> None:
        """Start to track the room and the permission of a polling page."""
        user_id, session_key, room_key = page
        now = clock.monotonic()
        try:
            user, right = await self.authorise(session_key, room_key)
        except Refused:
            return
        except DATABASE_ERRORS as error:
            _note(error, "add_polling_page")
            return
        if user.pk == user_id and right.room_id is not None and self._polling.add(page, right, now=now):
            self._start()
            await self._open(right.room_id).open()

    def is_unchanged(self, page: PageKey, version: str) -> bool:
        """Return whether a polling page is up to date and its permission is confirmed. No query is run."""
        right = self._polling.right(page, now=clock.monotonic())
        channel = self._classes.get(right.room_id) if right and right.room_id else None
        return channel is not None and channel.now is not None and str(channel.now) == version

    def polling_right(self, page: PageKey) -> Right | None:
        """Return the permission of a polling page, or None if it is not confirmed."""
        return self._polling.right(page, now=clock.monotonic())

    # --- background tasks ---
    def _start(self) -> None:
        if not self._tasks:
            self._garbage.take_over(now=clock.monotonic())
            self._polled_at = None  # The value may be outdated, because the hub was stopped.
            self._tasks = [
                # In a new context: the task outlives the request that starts the hub, so the log of the
                # task must not name this request.
                asyncio.create_task(self._retry(task), context=contextvars.Context())
                for task in (
                    self._follow_changes, self._send_heartbeats, self._check_rights_while_needed, self._tick,
                    self._tell_the_poller, self._send_filtered_lists,
                )
            ]  # fmt: skip

    async def close(self) -> None:
        """End every stream and all background tasks."""
        for subscriber in list(self._subscribers):
            subscriber.finish()
        await self._stop()
        await asyncio.to_thread(self._threads.close)

    def end_streams(self) -> None:
        """End every stream now, and each new one at once, because the web process stops."""
        self._is_ending = True
        for subscriber in list(self._subscribers):
            self._end_stream(subscriber)

    def _end_stream(self, subscriber: Subscriber) -> None:
        """End a stream. Clients wait for different times before they connect again, so that not all come
        at once. Our own pages choose a time themselves (`spread` in `status`).
        """
        after_s = SHORTEST_RETURN_S + random.uniform(0, spread_s(self.subscribers))
        subscriber.finish(messages.retry(round(after_s * 1000)))

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        self._garbage.give_back()
        others = [task for task in tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        for task in others:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _retry(self, task: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a background task until it ends. Restart it after a database error."""
        while True:
            try:
                return await task()
            except DATABASE_ERRORS as error:
                _note(error, task.__name__)
                await asyncio.sleep(RETRY_AFTER_S)

    async def _follow_changes(self) -> None:
        source = await self._threads.run(source_for)
        async with contextlib.aclosing(source.changes()) as changes:
            async for changed in changes:
                began = clock.monotonic()
                await self.refresh(changed)
                await asyncio.sleep(min(LONGEST_PAUSE_S, PAUSE_SHARE * (clock.monotonic() - began)))

    async def _send_filtered_lists(self) -> None:
        while True:
            took_s = await self.lists.send_filtered()
            await asyncio.sleep(min(LONGEST_FILTERED_PAUSE_S, FILTERED_PAUSE_SHARE * took_s))

    async def refresh(self, changed: Changed = ANYTHING) -> None:
        """Load the open classes that may have changed. Update their pages and the lists of classes."""
        wanted = [pk for pk, channel in self._classes.items() if channel.now is not None]
        if changed is not ANYTHING:
            wanted = [pk for pk in wanted if pk in changed]
        rooms: Mapping[int, Room] = {}
        if wanted:
            self.reads += 1
            rooms = await self._threads.run(self._class_page.load, wanted)
        await asyncio.gather(self.lists.refresh(), *(self._advance(room) for room in rooms.values()))

    async def _advance(self, room: Room) -> None:
        async with self._updates:
            if channel := self._classes.get(room.pk):
                await channel.advance(room)

    async def _send_heartbeats(self) -> None:
        while True:
            subscribers = list(self._subscribers)
            for part in range(HEARTBEAT_PARTS):
                await asyncio.sleep(HEARTBEAT_EVERY_S / HEARTBEAT_PARTS)
                heartbeats: dict[tuple[str, bool], bytes] = {}
                for subscriber in subscribers[part::HEARTBEAT_PARTS]:
                    key = (subscriber.language, subscriber.right.sees_settings)
                    if key not in heartbeats:
                        status = self.status(subscriber.language, subscriber.right)
                        heartbeats[key] = messages.json_message(messages.POLLED, **status)
                    subscriber.push(heartbeats[key])

    def status(self, language: str, right: Right | None) -> dict[str, Any]:
        """Return the age of the data in seconds, the last polling error, and the value of `spread_s`.

        The age is None if there is no data yet. The text of the error differs between administrators and
        teachers. If `right` is None, the text is for teachers.
        """
        age = None if self._polled_at is None else (clock.now() - self._polled_at).total_seconds()
        with translation.override(language):
            administrator = right is not None and right.sees_settings
            trouble = freshness.trouble_in_words(self._poll_error, administrator=administrator)
            if database_outage.of_process.is_on:
                trouble = freshness.database_trouble()
        return {
            "age": None if age is None else round(age, 1),
            "trouble": trouble,
            "spread": spread_s(self.subscribers),
        }

    async def _tell_the_poller(self) -> None:
        """Tell the poller that pages are open. It then polls the cloud more often."""
        while True:
            if self._subscribers or self._polling:
                await self._threads.run(polling_pace.tell_of_open_pages)
            await asyncio.sleep(polling_pace.TELL_EVERY_S)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_EVERY_S)
            metrics.write_counts()
            await self._read_freshness()
            database_outage.of_process.note_end()
            await self.lists.tick()
            self._garbage.collect_if_due(now=clock.monotonic())

    async def _read_freshness(self) -> None:
        self._polled_at, self._poll_error = await self._threads.run(freshness.read)

    async def _check_rights_while_needed(self) -> None:
        while self._subscribers or self._polling:
            await asyncio.sleep(RIGHTS_EVERY_S)
            await self.check_rights()
        await self._stop()

    async def check_rights(self) -> None:
        """End the streams of people who have lost their permission."""
        for room_id in self._polling.drop_idle(now=clock.monotonic()):
            self._close_if_unused(room_id)
        subscribers = list(self._subscribers)
        current = await self._threads.run(
            rights.read, {subscriber.right for subscriber in subscribers} | self._polling.rights()
        )
        for subscriber in subscribers:
            if reason := current.refusal(subscriber.right):
                subscriber.finish(messages.end(reason))
        self._polling.confirm(current, now=clock.monotonic())
        await self.lists.set_rooms(current.rooms)
