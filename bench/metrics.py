"""Measure what metrics cost: the processor time of requests and of changes, with `/metrics` and without.

    .venv/bin/python bench/metrics.py [--blocks 15] [--scale 1] [--only poll]

One process runs the ASGI application and the hub without a server, in turn with metrics and without, and
measures its own processor time. So the result hardly depends on what else the machine does. A ratio is the
median of the blocks with metrics, divided by the median of those without. Each may be at most 1.02.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import live_school as school

MOST = 1.02
TOKEN = "a-token-of-the-benchmark-0123456789"
SUBSCRIBERS = 30


async def request(application: Any, path: str, query: str, cookie: str) -> int:
    """Send a GET request to the ASGI application; return the status."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"cookie", f"sessionid={cookie}".encode())],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    found: list[int] = []
    asked = [{"type": "http.request", "body": b"", "more_body": False}]
    ended = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])
        elif not message.get("more_body", False):
            ended.set()

    await application(scope, receive, send)
    return found[0]


Costs = dict[str, dict[bool, list[float]]]
Action = Callable[[bool], Awaitable[Any]]


@contextmanager
def counting(on: bool) -> Iterator[None]:
    """Let this process count in the block, or not."""
    from classroom_admin.common import metrics

    begun, metrics._begun = metrics._begun, metrics._begun if on else None
    try:
        yield
    finally:
        metrics._begun = begun


async def compare(costs: Costs, what: str, once: Action, *, count: int, blocks: int) -> None:
    """Add the processor time (s) of `once`, with metrics and without, as the means of blocks in turn."""
    for number in range(2 * blocks + 2):
        on = number % 2 == 0
        with counting(on):
            before = time.process_time()
            for _ in range(count):
                await once(on)
            if number >= 2:  # the first blocks fill caches
                costs[what][on].append((time.process_time() - before) / count)


async def change(hub: Any, subscribers: list[Any], room: Any) -> None:
    """Change a class as an event does, and send the change to its open pages."""
    from classroom_admin.rooms.models import Room

    def raise_a_hand() -> None:
        school.raise_a_hand(room)
        now = Room.objects.get(pk=room.pk)
        Room.objects.filter(pk=room.pk).update(
            last_event_id=now.last_event_id + 1, last_event_at=now.started_at
        )

    await asyncio.to_thread(raise_a_hand)
    await hub.refresh()
    for subscriber in subscribers:
        await subscriber.next()


def applications() -> dict[bool, Any]:
    """Return the product's ASGI application with metrics, and one as it is without."""
    from django.conf import settings

    from classroom_admin import asgi

    found = {True: asgi.application}
    settings.METRICS_FOLDER = None
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "request_metrics" not in name]
    found[False] = importlib.reload(asgi).application
    return found


async def measure(room: Any, cookie: str, poll: str, *, blocks: int, scale: float, only: str) -> Costs:
    from classroom_admin.realtime.subscriber import Subscriber
    from classroom_admin.web.channels import make_hub

    of_state = applications()
    costs: Costs = defaultdict(lambda: defaultdict(list))
    for what, address, count in (
        ("/healthz, the smallest request", "/healthz", 100),
        ("class list with 51 live classes", "/", 8),
        ("poll of an unchanged class", poll, 1000),
    ):
        if only not in what:
            continue
        path, _, query = address.partition("?")

        async def ask(on: bool, path: str = path, query: str = query) -> None:
            status = await request(of_state[on], path, query, cookie)
            assert status == (204 if query else 200), f"{path}: {status}"

        until = time.monotonic() + 60
        for application in of_state.values():
            while query and await request(application, path, query, cookie) != 204:
                assert time.monotonic() < until, "the page is never unchanged"
                await asyncio.sleep(0.05)
        await compare(costs, what, ask, count=max(1, int(count * scale)), blocks=blocks)
    what = f"change of a class for {SUBSCRIBERS} open pages"
    if only not in what:
        return costs
    hub = make_hub()
    _user, right = await hub.authorise(cookie, room.key)
    subscribers = [Subscriber(right, language="en") for _ in range(SUBSCRIBERS)]
    version = await asyncio.to_thread(school.version, room)
    for subscriber in subscribers:
        await hub.join_class(subscriber, version)
        await subscriber.next()
    await compare(
        costs,
        what,
        lambda _on: change(hub, subscribers, room),
        count=max(1, int(6 * scale)),
        blocks=blocks,
    )
    await hub.close()
    return costs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=15)
    parser.add_argument("--scale", type=float, default=1, help="more or fewer requests in a block")
    parser.add_argument("--only", default="", help="a word of the rows to measure, such as poll")
    options = parser.parse_args()
    os.environ["METRICS_TOKEN"] = TOKEN
    with tempfile.TemporaryDirectory() as folder:
        school.begin(Path(folder))
        (Path(folder) / "static").mkdir()
        room, cookie = school.room_of(100)
        school.live_rooms(50)
        poll = f"/live/classes/{room.key}/?v={school.version(room)}&t={school.ticket(room, cookie)}"
        costs = asyncio.run(
            measure(room, cookie, poll, blocks=options.blocks, scale=options.scale, only=options.only)
        )
    missed = 0
    for what, by_state in costs.items():
        on_s, off_s = (statistics.median(by_state[state]) for state in (True, False))
        missed += on_s / off_s > MOST
        found = f"{off_s * 1e6:.0f} µs without, {on_s * 1e6:.0f} µs with metrics, ratio {on_s / off_s:.3f}"
        print(f"{what}: {found} (lowest: {min(by_state[True]) / min(by_state[False]):.3f})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
