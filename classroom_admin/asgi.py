"""The ASGI application for uvicorn. Django handles all requests except event streams and polling."""

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

from classroom_admin.common import sqlite3  # noqa: E402
from classroom_admin.common.client_address import TrustedProxies  # noqa: E402
from classroom_admin.common.fair_turns import FairTurns  # noqa: E402
from classroom_admin.common.secret_values import hide_in_logs_of  # noqa: E402
from classroom_admin.common.security_headers import SecurityHeaders  # noqa: E402
from classroom_admin.realtime import session  # noqa: E402
from classroom_admin.realtime.middleware import RealtimeMiddleware  # noqa: E402
from classroom_admin.realtime.process import allow_many_connections, spare_loaded_objects  # noqa: E402
from classroom_admin.web.channels import make_hub  # noqa: E402
from classroom_admin.web.path_prefix import WithoutPrefix, WithPrefix  # noqa: E402
from classroom_admin.web.service_unavailable import WithoutDatabase  # noqa: E402
from classroom_admin.web.size_by_address import limited  # noqa: E402
from classroom_admin.web.trusted_proxies import BehindProxies  # noqa: E402

sqlite3.never_create()
hide_in_logs_of("uvicorn", "uvicorn.error", "uvicorn.access")
allow_many_connections()

if settings.PATH_PREFIX:
    _django = WithPrefix(_django, settings.PATH_PREFIX)
_front = RealtimeMiddleware(_django, make_hub=make_hub)
limited(_front, FairTurns(_django, session_of=session.session_key))
_any_path: Any = WithoutPrefix(_front, settings.PATH_PREFIX) if settings.PATH_PREFIX else _front
application: Any = BehindProxies(
    SecurityHeaders(WithoutDatabase(_any_path)), TrustedProxies.of(settings.TRUSTED_PROXIES)
)

_ = get_resolver().url_patterns  # import all views now; the first request would import them otherwise
spare_loaded_objects()
