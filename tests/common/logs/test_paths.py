"""Paths in the log have no tokens of files, calendars and links."""

from __future__ import annotations

import pytest
from django.urls import get_resolver

from classroom_admin.common.logs.paths import SHOWN, resolved, shown_path
from tests.web.test_odd_values import patterns

HIDDEN = {"code", "secret", "signed", "signed_link", "ticket", "token"}


def test_every_parameter_of_an_address_is_known() -> None:
    """A new parameter is hidden until a developer decides whether it is a secret."""
    names = {name for _, _, parameters in patterns(get_resolver().url_patterns) for name in parameters}
    assert names - SHOWN == HIDDEN


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/", "/"),
        ("/classes/abc/do/end/", "/classes/abc/do/end/"),
        ("/calendar/s3cret-token.ics", "/calendar/…"),
        ("/files/signed.value/ana.pdf", "/files/…"),
        ("/recordings/shared/s3cret/files/2/segments/7/", "/recordings/shared/…"),
        ("/sign-in/password/s3cret/", "/sign-in/password/…"),
        ("/sign-in/emergency/s3cret/", "/sign-in/emergency/…"),
        ("/sign-in/passwort/s3cret/", "/sign-in/…"),
        ("/nothing-here", "/nothing-here"),
        ("/static/css/page.css", "/static/css/page.css"),
        ("/" + "a" * 1000, "/" + "a" * 299 + "…"),
    ],
)
def test_path_is_shown_without_its_secret(path: str, shown: str) -> None:
    assert shown_path(path, resolved(path)) == shown
