"""Answer `/metrics`: who may read it, and the metrics of this machine and of the database."""

from __future__ import annotations

import secrets
import threading
from typing import Final

from django.conf import settings

from classroom_admin.common import metrics
from classroom_admin.common.client_address import TrustedProxies
from classroom_admin.operations.answers import Answer

_NO_METRICS: Final = Answer(404, b"There are no metrics at this address.\n")
_NO_TOKEN: Final = Answer(401, b"The token is missing or wrong.\n", more=(("WWW-Authenticate", "Bearer"),))
_one_at_a_time: Final = threading.Lock()


def metrics_answer(*, authorization: str, address: str) -> Answer:
    """Return the metrics for a client at `address`, or why it can't have them.

    `authorization` is the header of that name. Without METRICS_TOKEN and METRICS_NETWORKS, there are no
    metrics. To clients outside the networks it looks the same, unless they can send a token.
    """
    if not metrics.is_on():
        return _NO_METRICS
    if not (_has_token(authorization) or _is_near(address)):
        return _NO_TOKEN if settings.METRICS_TOKEN else _NO_METRICS
    from prometheus_client import CONTENT_TYPE_LATEST

    with _one_at_a_time:
        return Answer(200, _text(), CONTENT_TYPE_LATEST)


def _has_token(authorization: str) -> bool:
    kind, _, token = authorization.partition(" ")
    wanted = settings.METRICS_TOKEN
    matches = secrets.compare_digest(token.strip().encode(), wanted.encode())
    return matches and kind.lower() == "bearer" and bool(wanted)


def _is_near(address: str) -> bool:
    return address in TrustedProxies.of(settings.METRICS_NETWORKS)


def _text() -> bytes:
    from prometheus_client import CollectorRegistry, generate_latest

    from classroom_admin.operations.database_metrics import DatabaseMetrics

    registry = CollectorRegistry(auto_describe=False)
    with metrics.files().collected() as of_processes:
        registry.register(of_processes)
        of_machine = generate_latest(registry)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DatabaseMetrics())
    return of_machine + generate_latest(registry)
