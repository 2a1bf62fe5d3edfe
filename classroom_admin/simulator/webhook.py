"""Send the direct messages of the simulated school to the dashboard's webhook, once a second.

Each request is signed: ``X-Relay-Timestamp`` is the time in seconds, and ``X-Relay-Signature`` is the HMAC of
"timestamp.body". Messages that the dashboard did not accept are sent again.
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
from urllib.parse import SplitResult, urlsplit

from classroom_admin.simulator.cloud import Cloud

INTERVAL_S = 1.0
BATCH_SIZE = 200
ACCEPTED = 202
logger = logging.getLogger(__name__)


class WebhookSender:
    """A sender that reports direct messages in a simulated cloud to ``url``, each message once."""

    def __init__(self, *, url: str, secret: str) -> None:
        self._url = urlsplit(url)
        self._secret = secret.encode()
        self._sent = 0
        self._warned = False

    async def run(self, cloud: Cloud) -> None:
        """Send new messages until the task is cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            batch = self.next_batch(cloud)
            if not batch:
                continue
            accepted = await asyncio.to_thread(self.send, batch)
            if accepted:
                self._sent += len(batch)

    def next_batch(self, cloud: Cloud) -> list[dict[str, Any]]:
        """Return the next messages to send. Skip messages that the cloud no longer has."""
        world = cloud.world
        first = world.peer_count - len(world.peer_messages)
        if self._sent > world.peer_count:  # the cloud was reset
            self._sent = 0
        self._sent = max(self._sent, first)
        return list(islice(world.peer_messages, self._sent - first, self._sent - first + BATCH_SIZE))

    def send(self, batch: list[dict[str, Any]]) -> bool:
        """Send one batch. Return whether the dashboard accepted the batch."""
        body = json.dumps(batch).encode()
        timestamp = str(int(time.time()))
        signature = hmac.new(self._secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Relay-Timestamp": timestamp,
            "X-Relay-Signature": f"sha256={signature}",
        }
        answer = post(self._url, body, headers)
        if answer is None:
            return False  # the dashboard is starting or restarting
        status, text = answer
        if status != ACCEPTED and not self._warned:
            self._warned = True
            logger.warning("the dashboard rejects direct messages (%s): %s", status, text[:300])
        return status == ACCEPTED


def post(url: SplitResult, body: bytes, headers: dict[str, str]) -> tuple[int, str] | None:
    """Send a request. Return the status and the text of the response, or None if there is none."""
    connection = http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=10)
    try:
        connection.request("POST", url.path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
