"""A question or a form that opens in the page's dialog, and is a page of its own without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render


def ask(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render `live/<template>`, which fills the block `dialog` of the template named `base`.

    In the dialog a form carries no CSRF token: the page around it sends one with every request.
    """
    in_dialog = bool(request.htmx)
    base = "shared/dialog.html" if in_dialog else "shared/dialog_page.html"
    return render(
        request, f"live/{template}", {"in_dialog": in_dialog, "base": base, **context}, status=status
    )


def sent(request: HttpRequest) -> QueryDict | None:
    """What was sent, for a form to be bound to; None for a question. A post may well be empty."""
    return request.POST if request.method == "POST" else None
