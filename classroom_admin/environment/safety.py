"""Find values of environment variables that are valid but not safe. They stop the start."""

from __future__ import annotations

from typing import Final

from classroom_admin.environment.variables import Environment, least_characters

LEAST_DIFFERENT: Final = 5
"""The smallest number of different characters in a secret that people make. Agora makes its own secrets."""
GENERATE: Final = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


def problems(env: Environment) -> list[str]:
    """Return a sentence for each unsafe value: what is wrong, and what to do. It contains no secret."""
    secrets = [(name, str(value)) for name, value in env if least_characters(name) and value]
    found = [_problem_with_secret(name, value) for name, value in secrets]
    found += [_problem_with_secret("SECRET_KEY_FALLBACKS", key) for key in env.SECRET_KEY_FALLBACKS]
    if env.DEBUG and env.PUBLIC_URL.startswith("https://"):
        found.append(
            "DEBUG is true, but PUBLIC_URL begins with https://: debug pages would show settings and source "
            "code to everyone who can open the dashboard. Remove DEBUG, or set PUBLIC_URL to an http:// "
            "address of your own computer."
        )
    return [words for words in found if words]


def _problem_with_secret(name: str, secret: str) -> str:
    least = least_characters(name) or least_characters("SECRET_KEY")
    if len(secret) < least:
        wrong = f"{name} is too short: a secret of fewer than {least} characters can be guessed."
    elif not name.startswith("AGORA_") and len(set(secret)) < LEAST_DIFFERENT:
        wrong = f"{name} can be guessed: it needs at least {LEAST_DIFFERENT} different characters."
    else:
        return ""
    if name.startswith("AGORA_"):
        return f"{wrong} Copy the whole value from Agora's console again."
    others = {
        "RELAY_SECRET": " Give your relay the same secret.",
        "SECRET_KEY_FALLBACKS": " Remove the short key; people then sign in again.",
    }
    make = "" if name == "SECRET_KEY_FALLBACKS" else f" Make a new one with: {GENERATE}."
    return wrong + make + others.get(name, "")
