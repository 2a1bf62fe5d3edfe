"""Settings for ``manage.py simulator`` and ``manage.py demo``: the usual settings plus the simulator app."""

from classroom_admin.settings import *  # noqa: F403
from classroom_admin.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "classroom_admin.simulator"]
