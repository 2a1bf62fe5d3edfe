"""Render forms in the page's dialog, or as a separate page if there is no JavaScript."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render


def ask(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render `template` as a dialog (htmx) or a page. It must extend `base` and fill the block `dialog`.

    A form in the dialog needs no CSRF token of its own, because the page sends its token with every request.
    """
    in_dialog = bool(getattr(request, "htmx", False))
    base = "shared/dialog.html" if in_dialog else "shared/dialog_page.html"
    return render(request, template, {"in_dialog": in_dialog, "base": base, **context}, status=status)


def sent(request: HttpRequest) -> QueryDict | None:
    """Return the form data of a POST (maybe empty), or None for other methods. Pass the result to a form."""
    return request.POST if request.method == "POST" else None
