"""Administrators find the version at the end of the settings. Pages before the sign-in do not tell it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.common.version import version

pytestmark = pytest.mark.django_db


def test_settings_show_the_version() -> None:
    client = Client()
    assert version() not in client.get("/sign-in/").content.decode()
    client.force_login(User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR))
    page = client.get(reverse("settings:overview")).content.decode()
    assert f"version <bdi>{version()}</bdi>" in page
