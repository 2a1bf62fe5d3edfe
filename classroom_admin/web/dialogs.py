"""Forms that open in the page's dialog, and as a page of their own without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render


def ask(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a template that fills the block `dialog` of the template named `base`.

    A form in the dialog has no CSRF token: the page sends one with every request.
    """
    in_dialog = bool(getattr(request, "htmx", False))
    base = "shared/dialog.html" if in_dialog else "shared/dialog_page.html"
    return render(request, template, {"in_dialog": in_dialog, "base": base, **context}, status=status)


def sent(request: HttpRequest) -> QueryDict | None:
    """Return the data to bind a form to, None unless it is a POST. The data of a POST may be empty."""
    return request.POST if request.method == "POST" else None
