"""Values that are valid but not safe: they stop the start, and the message says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from classroom_admin.environment.safety import problems
from classroom_admin.environment.variables import Environment, least_characters, read
from tests.environment.test_variables import python

LONG = "rF7x-qLm2_Zt9vKc4wPs8yHbN3dGjE6a"
SECRETS = [name for name in Environment.model_fields if least_characters(name)]


def test_every_secret_has_a_shortest_length() -> None:
    literal = {
        name
        for name, field in Environment.model_fields.items()
        if field.json_schema_extra["literal"]  # type: ignore[index]
    }
    others = {
        "SECRET_KEY_FALLBACKS",
        "FILES_S3_SECRET_KEY",
        "AUDIT_KEY",
    }  # as SECRET_KEY; from the S3 service
    assert literal - others == set(SECRETS)


@pytest.mark.parametrize("name", SECRETS)
def test_short_secret_is_refused_and_not_shown(name: str) -> None:
    repeated = () if name.startswith("AGORA_") else ("b" * 64,)
    for secret in ("b", LONG[: least_characters(name) - 1], *repeated):
        (words,) = problems(read({name: secret}))
        assert words.startswith(name)
        assert secret not in words or secret == "b"
        assert "Agora's console" in words if name.startswith("AGORA_") else "secrets.token_urlsafe" in words
    assert problems(read({name: LONG})) == []


def test_short_fallback_is_refused() -> None:
    (words,) = problems(read({"SECRET_KEY": LONG, "SECRET_KEY_FALLBACKS": f"{LONG}2,short"}))
    assert "SECRET_KEY_FALLBACKS is too short" in words
    assert "people then sign in again" in words


@pytest.mark.parametrize(
    ("env", "refused"),
    [
        ({"DEBUG": "true", "PUBLIC_URL": "https://classes.example.org"}, True),
        ({"DEBUG": "false", "PUBLIC_URL": "https://classes.example.org"}, False),
        ({"DEBUG": "true", "PUBLIC_URL": "http://localhost:8000"}, False),
        ({"DEBUG": "true"}, False),
    ],
)
def test_debug_pages_are_refused_at_a_public_address(env: dict[str, str], refused: bool) -> None:
    assert bool(problems(read(env))) == refused


def test_start_stops_with_every_reason(tmp_path: Any) -> None:
    bad = {
        "DEBUG": "on",
        "PUBLIC_URL": "https://classes.example.org",
        "RELAY_SECRET": "b",
        "SECRET_KEY": "kurz",
    }
    done = python("manage.py", "check", DATA_DIR=str(tmp_path), **bad)
    assert done.returncode == 1
    for words in ("DEBUG is true", "RELAY_SECRET is too short", "SECRET_KEY is too short"):
        assert words in done.stderr
    assert "kurz" not in done.stderr
    assert "Traceback" not in done.stderr
