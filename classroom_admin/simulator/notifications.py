"""Send the notifications about channels to the dashboard, as the vendor's Notifications service does.

Each request contains one notification. Its body is signed: ``Agora-Signature`` is the HMAC-SHA1, and
``Agora-Signature-V2`` is the HMAC-SHA256. A request is repeated, at growing intervals, until the response is
200, but at most 20 times in all.
"""

import asyncio
import hashlib
import heapq
import hmac
import json
import logging
import time
from typing import Any
from urllib.parse import urlsplit

from classroom_admin.simulator.cloud import Cloud
from classroom_admin.simulator.webhook import post

INTERVAL_S = 0.1
ACCEPTED = 200
FIRST_WAIT_S, LONGEST_WAIT_S, TRIES = 1.0, 30.0, 20
logger = logging.getLogger(__name__)


class NotificationSender:
    """A sender of a simulated cloud's notifications to ``url``.

    The faults ``notice_…`` lose, repeat or delay a notification, or sign it with a wrong secret.
    """

    def __init__(self, *, url: str, secret: str) -> None:
        self._url = urlsplit(url)
        self._secret = secret
        self._taken = 0
        self._waiting: list[tuple[float, int, int, dict[str, Any], str]] = []
        self._number = 0
        self._warned = False

    async def run(self, cloud: Cloud) -> None:
        """Send notifications until the task is cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            self.collect(cloud)
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                _due, _number, tries, notice, secret = heapq.heappop(self._waiting)
                notice = notice | {"notifyMs": cloud.world.now}
                if not await asyncio.to_thread(self.send, notice, secret) and tries + 1 < TRIES:
                    self._wait(notice, secret, tries=tries + 1, s=_wait_s(tries))

    def collect(self, cloud: Cloud) -> None:
        """Take the new notifications of the cloud and apply their faults."""
        world = cloud.world
        if self._taken > world.notice_count:  # the cloud was reset
            self._taken = 0
        oldest = world.notice_count - len(world.notices)
        for notice in list(world.notices)[max(0, self._taken - oldest) :]:
            faults = cloud.faults.notice(notice, now_ms=world.now)
            if "notice_lost" in faults:
                continue
            late = faults.get("notice_late")
            delay_s = 0.0 if late is None else late.number("ms", 1000) / 1000
            secret = f"not {self._secret}" if "notice_forged" in faults else self._secret
            for _copy in range(2 if "notice_twice" in faults else 1):
                self._wait(notice, secret, tries=0, s=delay_s)
        self._taken = world.notice_count

    def _wait(self, notice: dict[str, Any], secret: str, *, tries: int, s: float) -> None:
        self._number += 1
        heapq.heappush(self._waiting, (time.monotonic() + s, self._number, tries, notice, secret))

    def send(self, notice: dict[str, Any], secret: str) -> bool:
        """Send one notification. Return whether the dashboard accepted it."""
        body = json.dumps(notice).encode()
        answer = post(self._url, body, {"Content-Type": "application/json", **signatures(secret, body)})
        if answer is None:
            return False  # the dashboard is starting or restarting
        status, text = answer
        if status != ACCEPTED and not self._warned:
            self._warned = True
            logger.warning("the dashboard rejects notifications (%s): %s", status, text[:300])
        return status == ACCEPTED


def signatures(secret: str, body: bytes) -> dict[str, str]:
    """Return the headers with the signatures of a body."""
    key = secret.encode()
    return {
        "Agora-Signature": hmac.new(key, body, hashlib.sha1).hexdigest(),
        "Agora-Signature-V2": hmac.new(key, body, hashlib.sha256).hexdigest(),
    }


def _wait_s(tries: int) -> float:
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**tries)
