"""The ASGI entry point that uvicorn serves: streams and quick answers first, Django for the rest."""

import os
import warnings

from django.core.asgi import get_asgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")

# Static files are a few kilobytes each and read at once; whitenoise hands them on as a plain iterator.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

_django = get_asgi_application()  # sets Django up: what follows imports models
# Each request runs in a thread of its own: a connection kept open would be used by nobody, and PostgreSQL
# would soon have no more to give. (The few threads of the streams keep theirs.)
connections.settings["default"]["CONN_MAX_AGE"] = 0

from classroom_admin.realtime.limits import allow_many_connections  # noqa: E402
from classroom_admin.realtime.middleware import RealtimeMiddleware  # noqa: E402
from classroom_admin.web.channels import make_hub  # noqa: E402
from classroom_admin.web.size_by_address import limited  # noqa: E402

allow_many_connections()

application = RealtimeMiddleware(_django, make_hub=make_hub)
limited(application, _django)
