"""Template tags of the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from classroom_admin.common import clock
from classroom_admin.web.templatetags.web import lasted, web_address


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", None, " https://x", "//x"])
def test_only_web_addresses_become_links(url: Any) -> None:
    assert web_address(url) == ""
    assert web_address("HTTPS://x.test/a") == "HTTPS://x.test/a"


def test_duration_in_words() -> None:
    now = clock.now()
    assert lasted(now - timedelta(minutes=47), now) == "47 min"
    assert lasted(now - timedelta(minutes=65), now) == "1 h 05 min"
