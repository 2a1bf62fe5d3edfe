"""The limits of streams and filtered lists, and the turns that keep one account from delaying others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.realtime.limits import (
    FILTERED_LISTS_PER_ACCOUNT,
    STREAMS_PER_ACCOUNT,
    STREAMS_PER_SESSION,
    FairQueue,
    StreamLimits,
    TooMany,
)
from classroom_admin.realtime.process import Threads
from classroom_admin.realtime.rights import Right
from classroom_admin.realtime.subscriber import Subscriber
from classroom_admin.web.class_list.channel import ListChannel
from tests.realtime.conftest import session_of
from tests.realtime.serving import Reader, Server, until
from tests.realtime.test_list_channel import change
from tests.school import School

Open = Callable[..., Reader]


def test_queue_takes_one_item_of_each_owner_in_turn() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a1", "a3"):
        queue.add(1, item)
    queue.add(2, "b1")
    taken = [queue.take() for _ in range(len(queue))]
    assert taken == [(1, "a1"), (2, "b1"), (1, "a2"), (1, "a3")]
    with pytest.raises(IndexError):
        queue.take()


def test_ended_streams_no_longer_count() -> None:
    limits = StreamLimits()
    with ExitStack() as streams:
        for _ in range(STREAMS_PER_SESSION):
            streams.enter_context(limits.of_session("key"))
        with pytest.raises(TooMany), limits.of_session("key"):
            pass
        with limits.of_session("other"):
            pass
    with limits.of_session("key"):
        pass


def test_streams_of_one_owner_are_opened_one_after_the_other() -> None:
    limits = StreamLimits()
    steps: list[str] = []

    async def opened(owner: str) -> None:
        async with limits.turn(owner):
            steps.append(f"{owner} begins")
            await asyncio.sleep(0)
            steps.append(f"{owner} ends")

    async def all_of_them() -> None:
        await asyncio.gather(opened("a"), opened("a"), opened("b"))

    asyncio.run(all_of_them())
    assert steps == ["a begins", "b begins", "a ends", "b ends", "a begins", "a ends"]
    assert not limits._turns


def test_one_more_stream_of_a_session_is_refused_until_one_ends(school: School, server: Server) -> None:
    session = session_of(school, school.teacher)
    path = f"/live/classes/{school.room.key}/stream"
    readers = [Reader(server, path, session) for _ in range(STREAMS_PER_SESSION)]
    for reader in readers:
        reader.hello()
    refused = Reader(server, path, session)
    assert (refused.status, refused.headers["retry-after"]) == (429, "30")
    others = Reader(server, path, session_of(school, school.administrator))
    others.hello()
    readers.pop().close()

    def is_accepted() -> bool:
        reader = Reader(server, path, session)
        readers.append(reader)
        return reader.status == 200

    until(is_accepted)
    for reader in (*readers, refused, others):
        reader.close()


def test_one_more_stream_of_an_account_is_refused(school: School, server: Server) -> None:
    path = f"/live/classes/{school.room.key}/stream"
    sessions = [session_of(school, school.teacher) for _ in range(3)]
    readers = [Reader(server, path, sessions[number % 3]) for number in range(STREAMS_PER_ACCOUNT + 1)]
    assert [reader.status for reader in readers] == [200] * STREAMS_PER_ACCOUNT + [429]
    for reader in readers:
        reader.close()


def test_one_more_filtered_list_of_an_account_is_refused(school: School, server: Server) -> None:
    session = session_of(school, school.teacher)
    paths = [f"/live/classes/stream?q=word{number}" for number in range(FILTERED_LISTS_PER_ACCOUNT + 1)]
    readers = [Reader(server, path, session) for path in paths]
    assert [reader.status for reader in readers] == [200] * FILTERED_LISTS_PER_ACCOUNT + [429]
    for path in (
        paths[0],
        "/live/classes/stream",
    ):  # an equal list costs nothing more, and one without filter
        readers.append(Reader(server, path, session))
        assert readers[-1].status == 200
    readers.append(Reader(server, paths[-1], session_of(school, school.administrator)))
    assert readers[-1].status == 200
    for reader in readers:
        reader.close()


def subscriber_of(user: User) -> Subscriber:
    return Subscriber(Right(user.pk, user.is_administrator, "", "", None), language="en")


def test_filtered_lists_are_sent_after_the_others_and_in_turn(school: School) -> None:
    """One account has many filtered lists. The lists of other people still get the change first."""
    many = [subscriber_of(school.teacher) for _ in range(4)]
    plain, filtered = subscriber_of(school.administrator), subscriber_of(school.administrator)

    def told() -> list[int]:
        return [subscriber.waiting_bytes for subscriber in (*many, plain, filtered)]

    async def steps() -> None:
        threads = Threads()
        lists = ListChannel(threads)
        for number, subscriber in enumerate(many):
            await lists.join(subscriber, school.teacher, {"q": f"choir {number}"})
        await lists.join(plain, school.administrator, {})
        await lists.join(filtered, school.administrator, {"hands": "up"})
        for subscriber in (*many, plain, filtered):
            await subscriber.next()
        await threads.run(change, school.room, hands_raised=7)
        renders = lists.renders
        await lists.refresh()
        assert told()[4] > 0
        assert [size for size in told() if size] == [told()[4]]
        assert lists.renders == renders + 1  # the tile
        await lists.send_filtered()
        await lists.send_filtered()
        assert told()[0] > 0  # one of the many
        assert told()[5] > 0  # then the other account
        assert told()[1:4] == [0, 0, 0]
        for _ in range(3):
            await lists.send_filtered()
        assert all(told())
        await asyncio.to_thread(threads.close)

    asyncio.run(steps())
