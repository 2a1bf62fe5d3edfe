"""Requests of one session wait for each other, so that they do not delay those of other sessions."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from classroom_admin.common.fair_turns import AFTER_WAITING, AT_ONCE, MOST_WAITING, FairTurns

Message = MutableMapping[str, Any]


class Requests:
    """Requests to an application that answers each of them when the test allows it."""

    def __init__(self) -> None:
        self.in_work: list[str] = []
        self.most_in_work = 0
        self.may_answer = asyncio.Event()
        self.front = FairTurns(self._inner, session_of=lambda scope: scope["session"])
        self.tasks: list[asyncio.Task[int]] = []

    async def _inner(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        self.in_work.append(scope["session"])
        self.most_in_work = max(self.most_in_work, self.in_work.count(scope["session"]))
        try:
            await self.may_answer.wait()
        finally:
            self.in_work.remove(scope["session"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def ask(self, session: str, pieces: list[Message]) -> int:
        sent: list[Message] = []

        async def receive() -> Message:
            return pieces.pop(0) if pieces else await asyncio.Future()

        async def send(message: Message) -> None:
            sent.append(message)

        await self.front({"type": "http", "path": "/", "session": session}, receive, send)
        return int(sent[0]["status"])

    def start(self, session: str, *, whole: bool = True) -> asyncio.Task[int]:
        task = asyncio.create_task(
            self.ask(session, [{"type": "http.request", "body": b"", "more_body": not whole}])
        )
        self.tasks.append(task)
        return task

    async def settle(self) -> None:
        """Let every task run until it waits."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def answers(self) -> list[int]:
        self.may_answer.set()
        return await asyncio.gather(*self.tasks)


def test_one_session_waits_and_another_does_not() -> None:
    async def steps() -> None:
        requests = Requests()
        for _ in range(20):
            requests.start("many")
        await requests.settle()
        assert requests.in_work == ["many"] * AT_ONCE
        requests.start("one")
        await requests.settle()
        assert requests.in_work.count("one") == 1
        assert await requests.answers() == [200] * 21
        assert requests.most_in_work == AT_ONCE
        assert not requests.front._sessions

    asyncio.run(steps())


def test_requests_without_a_session_pass() -> None:
    async def steps() -> None:
        requests = Requests()
        for _ in range(20):
            requests.start("")
        await requests.settle()
        assert len(requests.in_work) == 20
        assert await requests.answers() == [200] * 20

    asyncio.run(steps())


def test_slow_uploads_do_not_take_a_turn() -> None:
    async def steps() -> None:
        requests = Requests()
        uploads = [requests.start("one", whole=False) for _ in range(20)]
        await requests.settle()
        requests.start("one")
        await requests.settle()
        assert requests.in_work == ["one"]
        for upload in uploads:
            upload.cancel()
            requests.tasks.remove(upload)
        assert await requests.answers() == [200]

    asyncio.run(steps())


def test_too_many_waiting_requests_are_refused() -> None:
    async def steps() -> None:
        requests = Requests()
        for _ in range(AT_ONCE + MOST_WAITING):
            requests.start("many")
        await requests.settle()
        assert await requests.start("many") == 429
        requests.start("other")
        await requests.settle()
        assert "other" in requests.in_work
        assert sorted(await requests.answers()) == [200] * (AT_ONCE + MOST_WAITING + 1) + [429]

    asyncio.run(steps())


def test_cancelled_requests_leave_their_turns_to_others() -> None:
    async def steps() -> None:
        requests = Requests()
        for _ in range(AT_ONCE * 3):
            requests.start("one")
        await requests.settle()
        for task in (requests.tasks[0], requests.tasks[AT_ONCE], requests.tasks[AT_ONCE + 1]):
            task.cancel()
        await requests.settle()
        assert len(requests.in_work) == AT_ONCE - 1
        requests.tasks[1].cancel()
        requests.tasks[2].cancel()
        await requests.settle()
        assert len(requests.in_work) == AFTER_WAITING
        requests.may_answer.set()
        answers = await asyncio.gather(*requests.tasks, return_exceptions=True)
        assert [answer for answer in answers if answer == 200] == [200] * (AT_ONCE * 3 - 5)
        assert not requests.front._sessions

    asyncio.run(steps())


def test_a_request_that_is_cancelled_as_its_turn_comes_gives_the_turn_away() -> None:
    async def steps() -> None:
        front = Requests().front
        for _ in range(AT_ONCE):
            await front._begin("one")
        waiting = asyncio.create_task(front._begin("one"))
        await asyncio.sleep(0)
        waiting.cancel()
        for _ in range(AT_ONCE):
            front._end("one")
        (outcome,) = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(outcome, asyncio.CancelledError)
        assert not front._sessions

    asyncio.run(steps())


def test_a_failed_request_ends_its_turn() -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise ZeroDivisionError

    async def steps() -> None:
        front = FairTurns(failing, session_of=lambda scope: "one")

        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            pass

        failed = await asyncio.gather(
            *(front({"type": "http"}, receive, send) for _ in range(AT_ONCE * 2)), return_exceptions=True
        )
        assert [type(error) for error in failed] == [ZeroDivisionError] * (AT_ONCE * 2)
        assert not front._sessions

    asyncio.run(steps())
