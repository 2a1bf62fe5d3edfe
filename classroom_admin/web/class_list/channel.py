"""Keep open class list pages up to date. Render each changed tile once for all pages that show it."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime

from classroom_admin.accounts.models import User
from classroom_admin.realtime import messages
from classroom_admin.realtime.process import Threads
from classroom_admin.realtime.subscriber import Subscriber
from classroom_admin.web.class_list import rendering
from classroom_admin.web.class_list.alert_selectors import Troubles
from classroom_admin.web.class_list.rendering import BEHIND, Tile, Whole
from classroom_admin.web.class_list.views import read_filters, write_filters

Rooms = Mapping[int, rendering.Known]
Key = tuple[int, str, str]
"""The user id (0 for every administrator), the query string of the page, and the language."""


class Group:
    """The subscribers with identical pages. `rooms` has the ids of a teacher's rooms; None means all rooms.

    `needing` has the ids of the live classes that need attention. The pages show the number of these classes.
    """

    def __init__(self, user: User, query: dict[str, str], *, language: str, rooms: set[int] | None) -> None:
        self.user = user
        self.query = query
        self.language = language
        self.rooms = rooms
        self.subscribers: set[Subscriber] = set()
        self.whole: Whole | None = None
        self.needing: set[int] = set()

    @property
    def is_plain(self) -> bool:
        """Return whether the pages have no filter, so that single tiles can be replaced."""
        return not any(self.query.values())

    def concerned(self, changed: Collection[int]) -> set[int]:
        """Return the ids of the changed rooms that these pages may show."""
        return set(changed) if self.rooms is None else self.rooms.intersection(changed)

    def push(self, message: bytes) -> None:
        for subscriber in list(self.subscribers):
            subscriber.push(message)


class ListChannel:
    """All open class list pages of this process. They get one change at a time, so tiles arrive in order."""

    def __init__(self, threads: Threads) -> None:
        self.renders = 0
        self._threads = threads
        self._groups: dict[Key, Group] = {}
        self._known: Rooms | None = None
        self._steps: dict[int, str] = {}
        self._dues: dict[int, datetime] = {}
        self._troubles: Troubles = {}
        self._turn = asyncio.Lock()

    @property
    def subscribers(self) -> int:
        return sum(len(group.subscribers) for group in self._groups.values())

    async def join(self, subscriber: Subscriber, user: User, query: dict[str, str]) -> None:
        """Add a subscriber. Send the whole page content first, unless `query["v"]` is the current version."""
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
                group.whole = await self._whole(group)
            if group.whole.mark != seen:
                subscriber.push(group.whole.message)
            self._groups[key] = group
            group.subscribers.add(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        for key, group in list(self._groups.items()):
            group.subscribers.discard(subscriber)
            if not group.subscribers:
                del self._groups[key]
        if not self._groups:
            self._known = None
            self._dues = {}

    async def refresh(self) -> None:
        """Read the rooms and send each open class list page the changes since the last call."""
        async with self._turn:
            if self._known is None:
                return
            now, steps = await self._threads.run(rendering.read_rooms)
            if not self._groups:  # the last page was closed in the meantime
                return
            done = {steps[pk] for pk in steps.keys() - self._steps.keys()}
            for group in self._groups.values() if done else ():
                group.whole = None  # the version in `whole` contains the last step
            await self._send_changes(now, also={pk for pk, known in now.items() if known[2] in done})
            self._steps = steps

    async def tick(self) -> None:
        """Send changes that happen without an event, such as the end of an acknowledgement."""
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
                await self._send_changes(self._known, also=due | troubled)

    async def _send_changes(self, now: Rooms, *, also: Collection[int]) -> None:
        """Send each page the changes between the known state and `now`.

        `also` has the ids of classes whose tiles may have changed without a new version.
        """
        before = self._known or {}
        changed = {pk for pk in before.keys() | now.keys() if before.get(pk) != now.get(pk)}
        changed |= {pk for pk in also if _is_live(now, pk)}
        if not changed:
            return
        stayed = {pk for pk in changed if _is_live(before, pk) and _is_live(now, pk)}
        left = {pk for pk in changed if _is_live(before, pk) and not _is_live(now, pk)}
        live = {pk for pk in changed if _is_live(now, pk)}
        concerned = {key: mine for key, group in self._groups.items() if (mine := group.concerned(changed))}
        tiles = await self._tiles(concerned, live)
        for key, mine in concerned.items():
            if group := self._groups.get(key):
                await self._send_group(
                    group, tiles[group.language], stayed=mine & stayed, left=mine & left, mine=mine
                )
        self._known = now

    async def set_rooms(self, rooms: Mapping[int, set[int]]) -> None:
        """Set the room ids of each teacher. Send all classes again to teachers whose rooms changed."""
        async with self._turn:
            for group in list(self._groups.values()):
                if group.rooms is None or (now := rooms.get(group.user.pk)) is None or now == group.rooms:
                    continue
                group.rooms = now
                await self._send_whole(group)

    def _key(self, subscriber: Subscriber, query: dict[str, str]) -> Key:
        whose = 0 if subscriber.right.is_administrator else subscriber.right.user_id
        return whose, "&".join(f"{name}={query[name]}" for name in sorted(query)), subscriber.language

    async def _make(self, subscriber: Subscriber, user: User, query: dict[str, str]) -> Group:
        rooms = None
        if not subscriber.right.is_administrator:
            rooms = await self._threads.run(rendering.visible_ids, user)
        return Group(user, query, language=subscriber.language, rooms=rooms)

    async def _tiles(self, concerned: Mapping[Key, set[int]], live: set[int]) -> dict[str, dict[int, Tile]]:
        """Render the tiles of live classes that the pages need, once per language."""
        made: dict[str, dict[int, Tile]] = {}
        for language in {key[2] for key in concerned}:
            wanted = {
                pk
                for key, mine in concerned.items()
                if key[2] == language and not key[1]
                for pk in mine & live
            }
            self.renders += len(wanted)
            made[language] = {}
            if wanted:
                made[language] = await self._threads.run(rendering.tiles, wanted, language=language)
                self._remember_dues({pk: tile.due for pk, tile in made[language].items()})
        return made

    async def _send_group(
        self, group: Group, tiles: dict[int, Tile], *, stayed: set[int], left: set[int], mine: set[int]
    ) -> None:
        if not group.is_plain:
            await self._send_whole(group)
            return
        edges = ""
        if mine - stayed:  # a class started or ended, or is not live: counts and short sections change
            edges = await self._threads.run(rendering.edges, group.user, language=group.language)
        gone = "".join(f'<li id="room-{pk}" hx-swap-oob="delete"></li>' for pk in sorted(left))
        rows = "".join(tiles[pk].html for pk in sorted(mine) if pk in tiles)
        upsert = f'<ul hx-swap-oob="upsert:#classes-live">{rows}</ul>' if rows else ""
        attention = await self._attention(group, tiles, mine)
        group.whole = None
        group.push(messages.message(messages.CHANGES, f"{gone}{upsert}{edges}{attention}", version=BEHIND))

    async def _attention(self, group: Group, tiles: dict[int, Tile], mine: set[int]) -> str:
        """Return HTML with the new number of classes that need attention; "" if the number is unchanged."""
        before = len(group.needing)
        group.needing -= mine
        group.needing |= {pk for pk in mine if pk in tiles and tiles[pk].needs_attention}
        if len(group.needing) == before:
            return ""
        return await self._threads.run(rendering.attention, len(group.needing), language=group.language)

    async def _send_whole(self, group: Group) -> None:
        group.whole = await self._whole(group)
        group.push(group.whole.message)

    async def _whole(self, group: Group) -> Whole:
        self.renders += 1
        whole = await self._threads.run(rendering.whole, group.user, group.query, language=group.language)
        self._remember_dues(whole.dues)
        group.needing = set(whole.needing)
        return whole

    def _remember_dues(self, dues: Mapping[int, datetime] | Mapping[int, datetime | None]) -> None:
        """Store when these rooms change next without an event."""
        for pk, due in dues.items():
            if due is None:
                self._dues.pop(pk, None)
            else:
                self._dues[pk] = due


def normalised(query: dict[str, str]) -> dict[str, str]:
    """Return only the query parameters that decide which classes a page shows."""
    page = query.get("page", "")
    when = query.get("when", "")
    known = write_filters(read_filters(query), when=when, page=page if page != "1" else "")
    names = {part.partition("=")[0] for part in known.split("&") if part}
    return {name: value for name, value in query.items() if name in names}


def _is_live(rooms: Rooms, pk: int) -> bool:
    return pk in rooms and rooms[pk][1]
