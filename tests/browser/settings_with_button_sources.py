"""The product's settings, with templates that write the source of each button into the page."""

from classroom_admin.settings import *  # noqa: F403

_options = TEMPLATES[0]["OPTIONS"]  # type: ignore[name-defined]  # noqa: F405
_inner = ["tests.browser.button_coverage.Loader", "django.template.loaders.app_directories.Loader"]
_options["loaders"] = [("django.template.loaders.cached.Loader", _inner)]
TEMPLATES[0]["APP_DIRS"] = False  # type: ignore[name-defined]  # noqa: F405
