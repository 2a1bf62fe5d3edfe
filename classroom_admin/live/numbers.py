"""Numbers of addresses."""

from __future__ import annotations

from django.http import Http404, HttpRequest


def number(request: HttpRequest, name: str) -> int | None:
    """A number of the address; None where there is none, Http404 for what is no number."""
    value = request.GET.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdecimal()) or len(value) > 18:
        raise Http404(f"“{name}” must be a number.")
    return int(value)
