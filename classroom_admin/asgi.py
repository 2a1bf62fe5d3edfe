"""The ASGI entry point that uvicorn serves."""

import os
import warnings

from django.core.asgi import get_asgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")

# Static files are a few kilobytes each and read at once; whitenoise hands them on as a plain iterator.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

application = get_asgi_application()
# Each request runs in a thread of its own: a connection kept open would be used by nobody, and PostgreSQL
# would soon have no more to give.
connections.settings["default"]["CONN_MAX_AGE"] = 0
