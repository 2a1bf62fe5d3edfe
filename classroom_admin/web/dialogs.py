"""Render forms in the page's dialog, or as a separate page if there is no JavaScript."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render


def ask(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a template that extends `base` and fills its block `dialog`.

    A form in the dialog needs no CSRF token of its own: the page sends one with every request.
    """
    in_dialog = bool(getattr(request, "htmx", False))
    base = "shared/dialog.html" if in_dialog else "shared/dialog_page.html"
    return render(request, template, {"in_dialog": in_dialog, "base": base, **context}, status=status)


def sent(request: HttpRequest) -> QueryDict | None:
    """Return the data of a POST, with which to bind a form; None for other methods. The data may be empty."""
    return request.POST if request.method == "POST" else None
