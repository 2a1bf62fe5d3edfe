"""The school's own relay, simulated: hands on what the messaging channel carries, once a second.

It signs as any relay must: `X-Relay-Timestamp` in seconds, `X-Relay-Signature` the HMAC of "timestamp.body".
What could not be handed on is tried again with what is new.
"""

import asyncio
import hashlib
import hmac
import http.client
import json
import logging
import time
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from classroom_admin.simulator.cloud import Cloud

EVERY_S = 1.0
AT_ONCE = 200
ACCEPTED = 202
logger = logging.getLogger(__name__)


class Relay:
    """Where notifications go, and how many of this world have gone."""

    def __init__(self, *, url: str, secret: str) -> None:
        self._url = urlsplit(url)
        self._secret = secret.encode()
        self._sent = 0
        self._complained = False

    async def run(self, cloud: Cloud) -> None:
        """Hand on what is new, for ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            waiting = self.waiting(cloud)
            if waiting and await asyncio.to_thread(self.send, waiting):
                self._sent += len(waiting)

    def waiting(self, cloud: Cloud) -> list[dict[str, Any]]:
        """The next messages to hand on; those that the cloud has forgotten meanwhile are passed over."""
        world = cloud.world
        first = world.peer_count - len(world.peer_messages)
        if self._sent > world.peer_count:  # another world
            self._sent = 0
        self._sent = max(self._sent, first)
        return list(islice(world.peer_messages, self._sent - first, self._sent - first + AT_ONCE))

    def send(self, items: list[dict[str, Any]]) -> bool:
        """Whether the dashboard took them."""
        body = json.dumps(items).encode()
        stamp = str(int(time.time()))
        signed = hmac.new(self._secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Relay-Timestamp": stamp,
            "X-Relay-Signature": f"sha256={signed}",
        }
        connection = http.client.HTTPConnection(self._url.hostname or "", self._url.port or 80, timeout=10)
        try:
            connection.request("POST", self._url.path, body, headers)
            answer = connection.getresponse()
            words = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return False  # not there yet, or gone for a moment
        finally:
            connection.close()
        if answer.status != ACCEPTED and not self._complained:
            self._complained = True
            logger.warning("the dashboard does not take what is relayed (%s): %s", answer.status, words[:300])
        return answer.status == ACCEPTED
