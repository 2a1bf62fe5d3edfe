"""Settings of the log: its form, the access log, and the errors that go to Sentry."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured

from classroom_admin.common.logs import pipeline, sentry
from classroom_admin.environment import variables

__all__ = ["ACCESS_LOG", "ACCESS_LOG_ADDRESSES", "LOGGING", "LOG_FORMAT"]
_env = variables.read(os.environ)

ACCESS_LOG, ACCESS_LOG_ADDRESSES = _env.ACCESS_LOG, _env.ACCESS_LOG_ADDRESSES
LOG_FORMAT = _env.LOG_FORMAT
LOGGING = pipeline.configuration(
    level=_env.LOG_LEVEL,
    as_json=pipeline.is_json(LOG_FORMAT, sys.stderr),
    coloured=pipeline.is_coloured(sys.stderr, never=bool(_env.NO_COLOR), always=bool(_env.FORCE_COLOR)),
    repeat_s=_env.LOG_REPEAT_SECONDS,
)
try:
    sentry.start(_env.SENTRY_DSN, repeat_s=_env.LOG_REPEAT_SECONDS)
except sentry.Unusable as error:
    raise ImproperlyConfigured(str(error)) from error
