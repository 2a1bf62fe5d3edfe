"""Our addresses that platforms must know. They begin with `PUBLIC_URL`."""

from __future__ import annotations

from django.urls import reverse

from classroom_admin.common.public_address import absolute


def login() -> str:
    """Return the address at which a platform begins a launch."""
    return absolute(reverse("lti:login"))


def launch() -> str:
    """Return the address to which a platform sends its message. It is also our redirect address."""
    return absolute(reverse("lti:launch"))


def keys() -> str:
    """Return the address of our public keys."""
    return absolute(reverse("lti:keys"))


def registration(code: str) -> str:
    """Return the address with which a platform registers itself. `code` is that of a registration link."""
    return absolute(reverse("lti:register", args=[code]))
