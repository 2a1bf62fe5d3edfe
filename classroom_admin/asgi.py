"""The ASGI entry point that uvicorn serves."""

import os
import warnings

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")

# Static files are a few kilobytes each and read at once; whitenoise hands them on as a plain iterator.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

application = get_asgi_application()
