"""The client of the Agora cloud. It uses neither Django nor Celery."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from classroom_admin.agora.client import Client, Observer
    from classroom_admin.agora.config import CloudConfig
    from classroom_admin.agora.transport import Limiter

_clients: Final[dict[CloudConfig, Client]] = {}
_lock: Final = threading.Lock()
_limiters: Final[list[Callable[[CloudConfig], Limiter]]] = []
_observers: Final[list[Observer]] = []


def use_limiter(make: Callable[[CloudConfig], Limiter]) -> None:
    """Set the function that creates the request limiter of each client. Call this before `client_for`."""
    _limiters[:] = [make]


def use_observer(observe: Observer) -> None:
    """Set the function that each client tells about its calls. Call this before `client_for`."""
    _observers[:] = [observe]


def client_for(config: CloudConfig) -> Client:
    """Return the client for `config`. All threads of the process share its connections and its token."""
    # Imported here because the settings import this package and need only its config.
    from classroom_admin.agora.client import Client
    from classroom_admin.agora.transport import Transport, no_limit

    with _lock:
        client = _clients.get(config)
        if client is None:
            limiter = _limiters[0](config) if _limiters else no_limit
            transport = Transport(config, limiter=limiter)
            observe = _observers[0] if _observers else None
            client = _clients[config] = Client(config, transport=transport, observe=observe)
        return client
