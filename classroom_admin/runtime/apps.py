"""Leave out static files that no page uses, in every run of `collectstatic`."""

from __future__ import annotations

from typing import Final

from django.contrib.staticfiles import apps

# Builds of htmx in django_htmx. Two of them refer to files that are missing, and `collectstatic` would fail.
# To compress the others would take 0.35 s at each start.
_UNUSED: Final = ["*-4.js", "*-4.min.js", "ht*-2.js", "hx-*-2.js"]


class StaticFiles(apps.StaticFilesConfig):
    """Django's app of static files, without the unused ones."""

    ignore_patterns = [*apps.StaticFilesConfig.ignore_patterns, *_UNUSED]
