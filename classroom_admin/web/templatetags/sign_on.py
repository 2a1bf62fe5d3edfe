"""Template tags for the sign-in page: the providers of school sign-on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.urls import reverse

from classroom_admin.accounts.sign_on_providers import active

register = template.Library()


@register.simple_tag
def sign_on_only() -> bool:
    """Return whether people can sign in only through school sign-on."""
    return bool(settings.SIGN_ON_ONLY)


@register.simple_tag(takes_context=True)
def sign_on_providers(context: dict[str, Any]) -> list[dict[str, str]]:
    """Return the label and the address of each provider. The address contains `next` of the page."""
    request = context["request"]
    following = request.POST.get("next") or request.GET.get("next") or ""
    query = f"?{urlencode({'next': following})}" if following else ""
    return [
        {"label": one.label, "address": f"{reverse('sign_on:begin', args=[one.key])}{query}"}
        for one in active()
    ]
