"""The product's settings, with templates that write the source of each button into the page, and a database
that does not wait for the disk.
"""

from classroom_admin.settings import *  # noqa: F403
from tests.sqlite import without_waiting_for_the_disk

DATABASES["default"] = without_waiting_for_the_disk(DATABASES["default"])  # type: ignore[name-defined]  # noqa: F405

_options = TEMPLATES[0]["OPTIONS"]  # type: ignore[name-defined]  # noqa: F405
_inner = ["tests.browser.button_coverage.Loader", "django.template.loaders.app_directories.Loader"]
_options["loaders"] = [("django.template.loaders.cached.Loader", _inner)]
TEMPLATES[0]["APP_DIRS"] = False  # type: ignore[name-defined]  # noqa: F405
