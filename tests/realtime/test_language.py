"""The language of a stream."""

from __future__ import annotations

import pytest

from classroom_admin.common.problems import Problem, to_text
from classroom_admin.realtime import session
from classroom_admin.realtime.rights import Right
from classroom_admin.web.channels import make_hub


@pytest.mark.parametrize(
    ("cookie", "wish", "language"),
    [
        (b"django_language=es", b"ar", "es"),
        (b"sessionid=x; django_language=zh-hans", b"", "zh-hans"),
        (b"django_language=tlh", b"ar-EG,en;q=0.5", "ar"),
        (b"", b"zh-CN", "zh-hans"),
        (b"", b"fr", "en"),
        (b"django_language=../../x", b"", "en"),
    ],
)
def test_language_comes_from_the_cookie_then_the_browser(cookie: bytes, wish: bytes, language: str) -> None:
    scope = {"headers": [(b"cookie", cookie), (b"accept-language", wish)]}
    assert session.language(scope) == language


def test_cloud_error_is_in_the_language_of_each_page() -> None:
    hub = make_hub()
    hub._poll_error = to_text(Problem("poll_cloud_failed", {"details": "HTTP 503"}))
    administrator = Right(1, "administrator", False, "", "", None)
    languages = ("en", "es", "zh-hans", "ar")
    told = {one: hub.status(one, administrator)["trouble"] for one in languages}
    assert told["en"] == "The cloud has an internal problem. The server asks again automatically. (HTTP 503)"
    assert told["es"].startswith("La nube ")
    assert told["es"].endswith(" (HTTP 503)")
    assert len(set(told.values())) == 4
