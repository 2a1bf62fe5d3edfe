"""The cloud's client: one typed method for each call. Plain Python, without Django and without Celery."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from classroom_admin.agora.budget import Budget
    from classroom_admin.agora.client import Client
    from classroom_admin.agora.config import CloudConfig

_clients: Final[dict[CloudConfig, Client]] = {}
_lock: Final = threading.Lock()
_budgets: list[Callable[[CloudConfig], Budget]] = []


def use_budget(make: Callable[[CloudConfig], Budget]) -> None:
    """Let clients that are made from now on share a budget beyond this process; ``make`` is called once a
    client.
    """
    _budgets[:] = [make]


def client_for(config: CloudConfig) -> Client:
    """Give the process's one client for ``config``: connections, token, budget, cloud's clock are shared."""
    # Imported here: the settings import this package for its config and need none of the rest.
    from classroom_admin.agora.client import Client
    from classroom_admin.agora.transport import Transport

    with _lock:
        client = _clients.get(config)
        if client is None:
            budget = _budgets[0](config) if _budgets else None
            client = _clients[config] = Client(config, transport=Transport(config, budget=budget))
        return client
