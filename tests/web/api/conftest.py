"""Signed requests to the webhook."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from classroom_admin.sync.webhook import signature
from tests.sync.conftest import cloud, sim

__all__ = ["cloud", "sim"]

SECRET = "a secret that both know"
ADDRESS = "/api/notifications/"
Send = Callable[..., Any]


def peer(message: str = "psst", **more: Any) -> dict[str, Any]:
    """Return a message from Zoë to Amir, as in the messaging channel."""
    data = {
        "fromUser": {"userUuid": "zoe", "userName": "Zoë", "role": 2},
        "fromRoom": {"roomUuid": "maths", "roomName": "Mathematics"},
        "message": message,
    }
    notification = {"cmd": 1, "version": 1, "ts": 1_763_757_600_000, "sequence": 0, "data": data}
    notification |= {name: more.pop(name) for name in ("cmd", "ts", "data") if name in more}
    return {"channel": "peer", "toUserUuid": "amir", "notification": notification} | more


def chat(number: int, message: str = "Hello", **more: Any) -> dict[str, Any]:
    """Return chat event `number` of the room."""
    data = {"fromUser": {"userUuid": "zoe", "userName": "Zoë", "role": 2}, "message": message, "type": 1}
    notification = {
        "cmd": 3,
        "version": 1,
        "ts": 1_763_757_600_000 + number,
        "sequence": number,
        "data": data,
    }
    return {"channel": "room", "roomUuid": "maths", "notification": notification} | more


@pytest.fixture
def send(settings: Any, transactional_db: None) -> Send:
    """`send(items)` sends a signed request; `body`, `secret`, `given` and others replace parts."""
    settings.RELAY_SECRET = SECRET
    client = Client(enforce_csrf_checks=True)

    def sent(items: Any = None, **how: Any) -> Any:
        body = how["body"] if "body" in how else json.dumps(items).encode()
        timestamp = str(how.get("timestamp", int(time.time())))
        signed = signature(secret=how.get("secret", SECRET), timestamp=timestamp, body=body)
        return client.post(
            how.get("address", ADDRESS),
            body,
            content_type="application/json",
            headers={"X-Relay-Timestamp": timestamp, "X-Relay-Signature": how.get("given", signed)},
        )

    return sent
