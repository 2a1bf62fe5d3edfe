"""Render forms in the page's dialog, or as a separate page if there is no JavaScript."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render


def ask(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render `template` as a dialog for htmx, otherwise as a page. It must extend `base`.

    A form in the dialog needs no CSRF token, because the page sends its own token with every request.
    """
    in_dialog = bool(getattr(request, "htmx", False))
    base = "shared/dialog.html" if in_dialog else "shared/dialog_page.html"
    return render(request, template, {"in_dialog": in_dialog, "base": base, **context}, status=status)


def sent(request: HttpRequest) -> QueryDict | None:
    """Return the data of a POST, or None for other methods. A form is bound only to data of a POST."""
    return request.POST if request.method == "POST" else None
