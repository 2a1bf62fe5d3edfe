"""Passwords: the cost of a failed sign-in, and which passwords are refused."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from classroom_admin.accounts.models import User
from tests import quick_python
from tests.accounts.conftest import PASSWORD

ROOT = Path(__file__).resolve().parents[2]


class CountingHasher(MD5PasswordHasher):
    """A hasher that counts how often it computes a hash."""

    algorithm = "counting"
    count = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).count += 1
        return super().encode(password, salt)


@pytest.mark.parametrize("email", ["berg@school.test", "nobody@school.test", "sso@school.test"])
def test_failed_sign_in_computes_one_hash(school, settings, email):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    school.teacher.set_password(PASSWORD)
    school.teacher.save()
    User.objects.create_user("sso@school.test")  # without a password
    CountingHasher.count = 0
    Client().post("/sign-in/", {"login": email, "password": "wrong"})
    assert CountingHasher.count == 1


@pytest.fixture
def denied(settings, tmp_path) -> Path:
    """Let a file deny passwords, and return the file."""
    path = tmp_path / "denied.txt"
    path.write_text("Springfield-High-2026\n\nGo Tigers everyone\n", "utf-8")
    validator = "classroom_admin.accounts.passwords.DeniedPasswords"
    settings.AUTH_PASSWORD_VALIDATORS = [
        *settings.AUTH_PASSWORD_VALIDATORS,
        {"NAME": validator, "OPTIONS": {"path": str(path)}},
    ]
    return path


@pytest.mark.parametrize(
    "password", ["Springfield-High-2026", "SPRINGFIELD-high-2026", "go tigers everyone "]
)
def test_school_denies_passwords(denied, school, password):
    with pytest.raises(ValidationError, match="Your school does not allow"):
        validate_password(password, school.teacher)
    validate_password("springfield-high-2027", school.teacher)


def test_denied_password_is_explained_at_the_field(denied, school, browser_of):
    answer = browser_of(school.teacher).post(
        "/account/password/",
        {"oldpassword": PASSWORD, "password1": "Go Tigers everyone", "password2": "Go Tigers everyone"},
    )
    assert "Your school does not allow this password." in answer.content.decode()


def settings_with(path: Path) -> subprocess.CompletedProcess[str]:
    """Load the product's settings with this PASSWORD_DENY_FILE."""
    shown = "from classroom_admin.settings import *; print(len(AUTH_PASSWORD_VALIDATORS))"
    return quick_python.run("-c", shown, env=os.environ | {"PASSWORD_DENY_FILE": str(path)})


def test_unreadable_file_stops_the_start(tmp_path):
    good = tmp_path / "good.txt"
    good.write_text("one\n")
    assert settings_with(good).stdout.strip() == "5"
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xff")
    for path in (tmp_path / "missing.txt", tmp_path, tmp_path / "bad.txt"):
        answer = settings_with(path)
        assert answer.returncode != 0
        assert f"PASSWORD_DENY_FILE {path} can't be read" in answer.stderr
