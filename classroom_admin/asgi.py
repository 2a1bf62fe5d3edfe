"""The ASGI application for uvicorn. Django handles all requests except event streams and polling."""

import logging
import os
import warnings
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import connections
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")

# WhiteNoise returns static files as plain iterators; each file has only a few kilobytes.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

_django: Any = get_asgi_application()  # set up Django before the imports below
# Each request runs in its own thread, so nothing would reuse an open connection, and PostgreSQL would run out
# of connections. (The few threads that serve streams keep their connections.)
connections.settings["default"]["CONN_MAX_AGE"] = 0

from classroom_admin.accounts import first_run  # noqa: E402
from classroom_admin.common import metrics, sqlite3, tracing  # noqa: E402
from classroom_admin.common.client_address import TrustedProxies  # noqa: E402
from classroom_admin.common.fair_turns import FairTurns  # noqa: E402
from classroom_admin.common.logs.access import RequestLog  # noqa: E402
from classroom_admin.common.logs.pipeline import leave_to_us  # noqa: E402
from classroom_admin.common.security_headers import SecurityHeaders  # noqa: E402
from classroom_admin.operations import readiness  # noqa: E402
from classroom_admin.operations.front import AnsweredFirst  # noqa: E402
from classroom_admin.realtime.middleware import RealtimeMiddleware  # noqa: E402
from classroom_admin.realtime.process import allow_many_connections, spare_loaded_objects  # noqa: E402
from classroom_admin.runtime.supervisor import is_supervised  # noqa: E402
from classroom_admin.web.api.v1.rate_limits import turn_of  # noqa: E402
from classroom_admin.web.channels import make_hub  # noqa: E402
from classroom_admin.web.path_prefix import WithoutPrefix, WithPrefix  # noqa: E402
from classroom_admin.web.request_metrics import Measured  # noqa: E402
from classroom_admin.web.service_unavailable import WithoutDatabase  # noqa: E402
from classroom_admin.web.size_by_address import limited  # noqa: E402
from classroom_admin.web.trusted_proxies import BehindProxies  # noqa: E402

sqlite3.never_create()
leave_to_us("uvicorn", "uvicorn.error")
logging.getLogger("uvicorn.access").disabled = True  # its paths contain secrets, and RequestLog replaces it
allow_many_connections()

if settings.PATH_PREFIX:
    _django = WithPrefix(_django, settings.PATH_PREFIX)
_front: Any = RealtimeMiddleware(_django, make_hub=make_hub)
_turns: Any = FairTurns(_django, session_of=turn_of)
limited(_front, Measured(_turns) if metrics.is_on() else _turns)
_first = AnsweredFirst(_front)
_any_path: Any = WithoutPrefix(_first, settings.PATH_PREFIX) if settings.PATH_PREFIX else _first
_logged = RequestLog(SecurityHeaders(WithoutDatabase(_any_path)))
application: Any = BehindProxies(_logged, TrustedProxies.of(settings.TRUSTED_PROXIES))

_ = get_resolver().url_patterns  # import all views now; the first request would import them otherwise
metrics.begin()
tracing.begin()
readiness.notice_stop()
if not is_supervised():  # `serve` prints the announcement itself
    first_run.announce()
spare_loaded_objects()
