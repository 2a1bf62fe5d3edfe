"""Keep open lists of classes up to date. Render each tile once, and send it to all pages that show it.

A page has only the first tiles of its list until the person scrolls. It gets a changed tile only if the tile
is one of these. It gets the alerts and the numbers of all its classes.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from classroom_admin.accounts.models import User
from classroom_admin.common import clock, metrics
from classroom_admin.realtime import messages
from classroom_admin.realtime.limits import FILTERED_LISTS_PER_ACCOUNT, FairQueue
from classroom_admin.realtime.process import Threads
from classroom_admin.realtime.subscriber import Subscriber
from classroom_admin.web.class_list import rendering
from classroom_admin.web.class_list.alert_selectors import Troubles
from classroom_admin.web.class_list.live_classes import LiveClass, Traits, totals
from classroom_admin.web.class_list.rendering import BEHIND, Tile, Whole
from classroom_admin.web.class_list.views import TILES, read_filters, read_tiles, write_filters

Rooms = Mapping[int, rendering.Known]
Key = tuple[str, str, str]
"""Whose list it is, the query string of the page, and the language.

People who see all classes share one list for each role. For others, it is the user id.
"""


class Group:
    """The subscribers with identical pages. `rooms` has the ids of the person's rooms, or None for all.


    `held` has the ids of the tiles on the pages. They are the tiles with an `order` up to `limit`. `alerting`
    has the classes with an alert. `totals` has the numbers of live classes. `changes` counts the changes of a
    filtered list.
    """

    def __init__(self, user: User, query: dict[str, str], *, language: str, rooms: set[int] | None) -> None:
        self.user = user
        self.query = query
        self.language = language
        self.rooms = rooms
        self.subscribers: set[Subscriber] = set()
        self.whole: Whole | None = None
        self.changes = 0
        self.held: set[int] = set()
        self.limit = ""
        self.alerting: dict[int, LiveClass] = {}
        self.totals: Counter[str] = Counter()
        self.sent_totals: Counter[str] = Counter()
        self.traits: dict[int, Traits] = {}

    @property
    def is_plain(self) -> bool:
        """Return whether the list has no filter. Then single tiles can be replaced."""
        return is_plain(self.query)

    def concerned(self, changed: Collection[int]) -> set[int]:
        """Return the ids of the changed rooms that these pages may show."""
        return set(changed) if self.rooms is None else self.rooms.intersection(changed)

    def take(self, whole: Whole, *, for_all: bool) -> None:
        """Store what the pages show after they get the message `whole`.

        If `for_all` is False, only a new page gets the message.
        """
        self.whole = whole
        self.held |= whole.held
        self.limit = max(self.limit, whole.limit)
        if self.subscribers and not for_all:
            return
        self.alerting = dict(whole.alerting)
        self.totals = Counter(whole.totals)
        self.sent_totals = Counter(whole.totals)
        self.traits = dict(whole.traits)

    def place(self, tiles: Mapping[int, Tile], left: Collection[int]) -> tuple[list[int], list[int]]:
        """Return the ids of the tiles to send, and of the tiles to remove."""
        sent = [pk for pk, one in tiles.items() if one.room.order <= self.limit]
        gone = sorted((self.held & set(left)) | (self.held & tiles.keys()).difference(sent))
        self.held |= set(sent)
        self.held -= set(gone)
        return sorted(sent), gone

    def count(self, found: Mapping[int, Traits | None]) -> None:
        """Update `totals` for the changed rooms. `found` has None for rooms that are not live."""
        for pk, one in found.items():
            if before := self.traits.pop(pk, None):
                self.totals.subtract(totals([before]))
            if one:
                self.traits[pk] = one
                self.totals.update(totals([one]))

    def alert(self, tiles: Mapping[int, Tile], changed: Collection[int]) -> bool:
        """Store which of the changed classes have an alert now.

        Return whether the alerts on the page change.
        """
        before = {pk: _alert_of(room) for pk, room in self.alerting.items() if pk in changed}
        for pk in changed:
            self.alerting.pop(pk, None)
            if pk in tiles and tiles[pk].room.alerts.active:
                self.alerting[pk] = tiles[pk].room
        return before != {pk: _alert_of(room) for pk, room in self.alerting.items() if pk in changed}

    def push(self, message: bytes) -> None:
        for subscriber in list(self.subscribers):
            subscriber.push(message)


class ListChannel:
    """All open lists of classes in this process. A lock keeps the changes in order."""

    def __init__(self, threads: Threads) -> None:
        self.renders = 0
        self._threads = threads
        self._groups: dict[Key, Group] = {}
        self._known: Rooms | None = None
        self._steps: dict[int, str] = {}
        self._dues: dict[int, datetime] = {}
        self._troubles: Troubles = {}
        self._turn = asyncio.Lock()
        self._outdated: FairQueue[Key] = FairQueue()
        self._some_outdated = asyncio.Event()

    @property
    def subscribers(self) -> int:
        return sum(len(group.subscribers) for group in self._groups.values())

    async def join(self, subscriber: Subscriber, user: User, query: dict[str, str]) -> None:
        """Add a subscriber. If its page is not up to date (`query["v"]`), send the whole content first."""
        seen, query = query.get("v", ""), normalised(query)
        key = self._key(subscriber, query)
        async with self._turn:
            if subscriber.is_over:
                return
            if self._known is None:
                self._known, self._steps = await self._threads.run(rendering.read_rooms)
                _, self._troubles = await self._threads.run(rendering.read_time)
            group = self._groups.get(key) or await self._make(subscriber, user, query)
            if group.whole is None:
                await self._read_whole(group, for_all=False)
            assert group.whole is not None
            if group.whole.mark != seen:
                subscriber.push(group.whole.message)
            self._groups[key] = group
            group.subscribers.add(subscriber)

    def has_room_for(self, subscriber: Subscriber, query: dict[str, str]) -> bool:
        """Return whether the account may open the list that `query` selects.

        A filtered list is rendered as a whole after each change, so each account has a maximum of them.
        """
        query = normalised(query)
        if is_plain(query) or self._key(subscriber, query) in self._groups:
            return True
        user_id = subscriber.right.user_id
        own = [
            group for group in self._groups.values()
            if not group.is_plain and any(one.right.user_id == user_id for one in group.subscribers)
        ]  # fmt: skip
        return len(own) < FILTERED_LISTS_PER_ACCOUNT

    def leave(self, subscriber: Subscriber) -> None:
        for key, group in list(self._groups.items()):
            group.subscribers.discard(subscriber)
            if not group.subscribers:
                del self._groups[key]
        if not self._groups:
            self._known = None
            self._dues = {}

    async def refresh(self) -> None:
        """Send the changes since the last call to each open list of classes."""
        async with self._turn:
            if self._known is None:
                return
            now, steps = await self._threads.run(rendering.read_rooms)
            if not self._groups:  # the last page was closed in the meantime
                return
            done = {steps[pk] for pk in steps.keys() - self._steps.keys()}
            for group in self._groups.values() if done else ():
                group.whole = None  # its version contains the last step
            await self._send_changes(now, also={pk for pk, known in now.items() if known.room_uuid in done})
            self._steps = steps

    async def send_filtered(self) -> float:
        """Wait until a filtered list is outdated. Then send it as a whole, and return the seconds for this.

        Each account has its turn. So an account with many lists does not delay the lists of others.
        """
        await self._some_outdated.wait()
        began = clock.monotonic()
        owner, key = self._outdated.take()
        if not self._outdated:
            self._some_outdated.clear()
        group = self._groups.get(key)
        if group is None:
            return 0.0
        whole, changes = group.whole, group.changes
        if whole is None:  # else a page that joined in the meantime has already read the list
            try:
                whole = await self._render_whole(group)  # the lists of others need not wait for this
            finally:
                if whole is None:
                    self._add_outdated(owner, key)
        async with self._turn:
            if group.whole is None:
                self._take_whole(group, whole, for_all=True)
            group.push((group.whole or whole).message)
            if group.changes != changes:
                group.whole = None  # the list is in the queue again
        return clock.monotonic() - began

    async def tick(self) -> None:
        """Send changes that need no event, such as the end of an acknowledgement."""
        async with self._turn:
            if self._known is None:
                return
            moment, troubles = await self._threads.run(rendering.read_time)
            troubled = {
                pk for pk in troubles.keys() | self._troubles.keys()
                if troubles.get(pk) != self._troubles.get(pk)
            }  # fmt: skip
            due = {pk for pk, at in self._dues.items() if at <= moment}
            for pk in due:
                del self._dues[pk]
            self._troubles = troubles
            if self._known is not None:  # the last page may have been closed in the meantime
                now, _ = await self._threads.run(rendering.read_rooms) if due else (self._known, None)
                await self._send_changes(now, also=due | troubled)

    async def _send_changes(self, now: Rooms, *, also: Collection[int]) -> None:
        """Send each page the changes between the known state and `now`.

        `also` has the ids of classes with the same version that may still have changed tiles.
        """
        before = self._known or {}
        changed = {pk for pk in before.keys() | now.keys() if before.get(pk) != now.get(pk)}
        changed |= {pk for pk in also if _is_live(now, pk)}
        if not changed:
            return
        left = {pk for pk in changed if _is_live(before, pk) and not _is_live(now, pk)}
        live = {pk for pk in changed if _is_live(now, pk)}
        stayed = live - {pk for pk in live if not _is_live(before, pk)}
        concerned = {key: mine for key, group in self._groups.items() if (mine := group.concerned(changed))}
        tiles = await self._tiles(concerned, live)
        for key, mine in concerned.items():
            if group := self._groups.get(key):
                group.count({pk: now[pk].traits if pk in now else None for pk in mine})
                of_group = {pk: tiles[group.language][pk] for pk in mine if pk in tiles[group.language]}
                await self._send_group(
                    key, of_group, left=mine & left, mine=mine, some_moved=bool(mine - stayed)
                )
        self._known = now

    async def set_rooms(self, rooms: Mapping[int, set[int]]) -> None:
        """Set the room ids of each teacher. If a teacher's rooms changed, send the whole list again."""
        async with self._turn:
            for group in list(self._groups.values()):
                if group.rooms is None or (now := rooms.get(group.user.pk)) is None or now == group.rooms:
                    continue
                group.rooms = now
                await self._send_whole(group)

    def _key(self, subscriber: Subscriber, query: dict[str, str]) -> Key:
        right = subscriber.right
        whose = right.role if right.sees_all_classes else str(right.user_id)
        return whose, "&".join(f"{name}={query[name]}" for name in sorted(query)), subscriber.language

    async def _make(self, subscriber: Subscriber, user: User, query: dict[str, str]) -> Group:
        rooms = None
        if not subscriber.right.sees_all_classes:
            rooms = await self._threads.run(rendering.visible_ids, user)
        return Group(user, query, language=subscriber.language, rooms=rooms)

    async def _tiles(self, concerned: Mapping[Key, set[int]], live: set[int]) -> dict[str, dict[int, Tile]]:
        """Render the tiles that the pages need. Each language needs its own."""
        made: dict[str, dict[int, Tile]] = {}
        for language in {key[2] for key in concerned}:
            wanted = {
                pk
                for key, mine in concerned.items()
                if key[2] == language and self._groups[key].is_plain
                for pk in mine & live
            }
            self._count_renderings(len(wanted))
            made[language] = {}
            if wanted:
                made[language] = await self._threads.run(rendering.tiles, wanted, language=language)
                self._remember_dues({pk: tile.due for pk, tile in made[language].items()})
        return made

    async def _send_group(
        self, key: Key, tiles: dict[int, Tile], *, left: set[int], mine: set[int], some_moved: bool
    ) -> None:
        group = self._groups[key]
        if not group.is_plain:
            group.whole = None
            group.changes += 1
            self._add_outdated(group.user.pk, key)
            return
        counted = group.totals.copy()
        sent, gone = group.place(tiles, left)
        parts = [f'<li id="room-{pk}" hx-swap-oob="delete"></li>' for pk in gone]
        if sent:
            rows = "".join(tiles[pk].html for pk in sent)
            parts.append(f'<ul hx-swap-oob="upsert:#classes-live">{rows}</ul>')
        if some_moved:  # A class started or ended, or is not live, so the short sections may have changed.
            parts.append(await self._threads.run(rendering.edges, group.user, language=group.language))
        if counted != group.sent_totals:
            group.sent_totals = counted
            parts.append(await self._threads.run(rendering.numbers, counted, language=group.language))
        if group.alert(tiles, mine):
            rooms = list(group.alerting.values())
            parts.append(
                await self._threads.run(rendering.alerts, group.user, rooms, language=group.language)
            )
        group.whole = None
        if parts:
            group.push(messages.message(messages.CHANGES, "".join(parts), version=BEHIND))

    async def _send_whole(self, group: Group) -> None:
        await self._read_whole(group, for_all=True)
        assert group.whole is not None
        group.push(group.whole.message)

    async def _read_whole(self, group: Group, *, for_all: bool) -> None:
        self._take_whole(group, await self._render_whole(group), for_all=for_all)

    def _count_renderings(self, count: int) -> None:
        self.renders += count
        metrics.rendering("list", count)

    async def _render_whole(self, group: Group) -> Whole:
        self._count_renderings(1)
        return await self._threads.run(rendering.whole, group.user, group.query, language=group.language)

    def _take_whole(self, group: Group, whole: Whole, *, for_all: bool) -> None:
        self._remember_dues(whole.dues)
        group.take(whole, for_all=for_all)

    def _add_outdated(self, owner: int, key: Key) -> None:
        self._outdated.add(owner, key)
        self._some_outdated.set()

    def _remember_dues(self, dues: Mapping[int, datetime] | Mapping[int, datetime | None]) -> None:
        """Store when each room next changes without an event."""
        for pk, due in dues.items():
            if due is None:
                self._dues.pop(pk, None)
            else:
                self._dues[pk] = due


def is_plain(query: Mapping[str, str]) -> bool:
    """Return whether the normalised query has no filter."""
    return not any(value for name, value in query.items() if name != "tiles")


def normalised(query: dict[str, str]) -> dict[str, str]:
    """Return the query parameters that select the classes of a page. Omit all others."""
    page = query.get("page", "")
    when = query.get("when", "")
    known = write_filters(read_filters(query), when=when, page=page if page != "1" else "")
    names = {part.partition("=")[0] for part in known.split("&") if part}
    found = {name: value for name, value in query.items() if name in names}
    if (held := read_tiles(query)) != TILES:
        found["tiles"] = str(held)
    return found


def _is_live(rooms: Rooms, pk: int) -> bool:
    return pk in rooms and rooms[pk].is_live


def _alert_of(room: LiveClass) -> tuple[object, ...]:
    """Return the values of a class that its alert shows."""
    return (room.name, room.alerts.active, room.students_online, room.expected_name)
