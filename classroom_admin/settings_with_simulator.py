"""Settings for ``manage.py simulator`` and ``manage.py demo``: the usual settings plus the simulator app.

Everyone can read everything in the simulator, so it does not run with the settings of a school.
"""

from django.core.exceptions import ImproperlyConfigured

from classroom_admin.settings import *  # noqa: F403
from classroom_admin.settings import INSTALLED_APPS as _APPS
from classroom_admin.settings import PUBLIC_URL as _public_url

if _public_url.startswith("https://"):
    raise ImproperlyConfigured(
        f"PUBLIC_URL is {_public_url}: these are the settings of a school, and the simulator is only for "
        "development. Start it without PUBLIC_URL, on another machine or under another account."
    )
INSTALLED_APPS = [*_APPS, "classroom_admin.simulator"]
