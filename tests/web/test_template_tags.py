"""Template tags of the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from classroom_admin.common import clock
from classroom_admin.web.templatetags.web import lasted, moment, web_address


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", None, " https://x", "//x"])
def test_only_web_addresses_become_links(url: Any) -> None:
    assert web_address(url) == ""
    assert web_address("HTTPS://x.test/a") == "HTTPS://x.test/a"


def test_duration_in_words() -> None:
    now = clock.now()
    assert lasted(now - timedelta(minutes=47), now) == "47 min"
    assert lasted(now - timedelta(minutes=65), now) == "1 h 05 min"


def test_times_carry_their_day_unless_the_time_before_has_the_same_day() -> None:
    late = datetime(2026, 5, 3, 23, 50, tzinfo=UTC)
    assert ">3 May, 23:50 UTC<" in moment(late, "time")
    assert ">3 May, 23:50:00 UTC<" in moment(late, "second")
    assert ">23:55 UTC<" in moment(late + timedelta(minutes=5), "time", late)
    next_day = moment(late + timedelta(minutes=20), "time", late)
    assert ">4 May, 00:10 UTC<" in next_day
    assert 'data-since="2026-05-03T23:50:00Z"' in next_day
