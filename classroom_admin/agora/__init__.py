"""The cloud's client. Plain Python, without Django and without Celery."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from classroom_admin.agora.client import Client
    from classroom_admin.agora.config import CloudConfig
    from classroom_admin.agora.limiter import RequestLimiter

_clients: Final[dict[CloudConfig, Client]] = {}
_lock: Final = threading.Lock()
_limiters: Final[list[Callable[[CloudConfig], RequestLimiter]]] = []


def use_limiter(make: Callable[[CloudConfig], RequestLimiter]) -> None:
    """Give clients that are made from now on a limiter beyond this process.

    `make` is called once a client.
    """
    _limiters[:] = [make]


def client_for(config: CloudConfig) -> Client:
    """Return the process's one client for `config`: it shares connections, token, limiter and cloud clock."""
    # Imported here: the settings import this package for its config and need none of the rest.
    from classroom_admin.agora.client import Client
    from classroom_admin.agora.transport import Transport

    with _lock:
        client = _clients.get(config)
        if client is None:
            limiter = _limiters[0](config) if _limiters else None
            client = _clients[config] = Client(config, transport=Transport(config, limiter=limiter))
        return client
