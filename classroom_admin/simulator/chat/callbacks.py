"""Send the callbacks of Agora Chat to a dashboard's webhook, each as soon as its message is sent.

If the response is not 200, the callback is sent once more, as the service's documents say. Faults of the
route ``chat_callback`` change callbacks: ``delay`` sends a callback late, ``duplicate`` twice,
``bad_signature`` with a wrong signature, and ``refuse`` not at all.
"""

import asyncio
import http.client
import logging
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from classroom_admin.simulator import json_bytes
from classroom_admin.simulator.cloud import Cloud
from classroom_admin.simulator.world.agora_chat import signed

ROUTE = "chat_callback"
INTERVAL_S = 0.05
AGAIN_AFTER_S = 1.0
logger = logging.getLogger(__name__)


class CallbackSender:
    """A sender of a simulated cloud's callbacks to ``cloud.chat_callback_to``."""

    def __init__(self) -> None:
        self._done = 0
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self, cloud: Cloud) -> None:
        """Send new callbacks until the task is cancelled. If there is no address, drop them."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            for callback in self._new(cloud):
                url, secret = cloud.chat_callback_to, cloud.chat_secret
                if url:
                    task = asyncio.create_task(_deliver(cloud, callback, url=url, secret=secret))
                    self._sending.add(task)
                    task.add_done_callback(self._sending.discard)

    def _new(self, cloud: Cloud) -> list[dict[str, Any]]:
        chat = cloud.world.agora_chat
        if self._done > chat.callbacks_made:  # the cloud was reset
            self._done = 0
        first = chat.callbacks_made - len(chat.callbacks)
        found = list(islice(chat.callbacks, max(0, self._done - first), None))
        self._done = chat.callbacks_made
        return found


async def _deliver(cloud: Cloud, callback: dict[str, Any], *, url: str, secret: str) -> None:
    plan = cloud.faults.plan(name=ROUTE, address=f"POST {ROUTE}", now_ms=cloud.world.now)
    if plan.get("refuse"):
        return
    if late := plan.get("delay"):
        await asyncio.sleep(late.number("ms", 1000) / 1000)
    body = json_bytes.dump(signed(callback, secret=f"not {secret}" if plan.get("bad_signature") else secret))
    for _ in range(2 if plan.get("duplicate") else 1):
        if await asyncio.to_thread(post, url, body) != 200:
            await asyncio.sleep(AGAIN_AFTER_S)
            await asyncio.to_thread(post, url, body)


def post(url: str, body: bytes) -> int:
    """Send one request. Return its status, or 0 if the dashboard can't be reached."""
    to = urlsplit(url)
    connection = http.client.HTTPConnection(to.hostname or "", to.port or 80, timeout=10)
    try:
        connection.request("POST", to.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
    return answer.status
