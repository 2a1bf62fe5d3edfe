"""Fixtures for the tests of pages."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.school import School


@pytest.fixture
def admin(school: School) -> Client:
    """A browser in which the administrator is signed in."""
    return school.signed_in(school.administrator)
