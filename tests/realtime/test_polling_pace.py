"""Open pages tell the poller, which runs in another process, that someone watches."""

from __future__ import annotations

import threading

from django.conf import settings

from classroom_admin.sync import polling_pace
from classroom_admin.sync.models import Lease
from classroom_admin.sync.polling_pace import FAST_S, IDLE_S, NORMAL_S, Pace
from tests.realtime.conftest import Open
from tests.realtime.serving import Server, until
from tests.school import School


def told() -> int:
    row = Lease.objects.filter(app_id=f"{settings.AGORA.app_id}:open-pages").first()
    return row.beats if row else 0


def test_open_class_page_makes_polling_fast(school: School, server: Server, watch: Open) -> None:
    pace = Pace(per_second=20)
    assert pace.interval_s() in (NORMAL_S, IDLE_S)
    watch().hello()
    until(lambda: pace.interval_s() == FAST_S)


def test_open_class_list_makes_polling_fast(school: School, server: Server, watch_list: Open) -> None:
    pace = Pace(per_second=20)
    pace.interval_s()
    watch_list()
    until(lambda: pace.interval_s() == FAST_S)


def test_without_an_open_page_nothing_is_told(
    school: School, server: Server, watch: Open, monkeypatch
) -> None:
    monkeypatch.setattr(polling_pace, "TELL_EVERY_S", 0.05)
    page = watch()
    page.hello()
    until(lambda: told() > 1)
    page.close()
    until(lambda: server.hub.subscribers == 0)
    told_before = -1

    def is_quiet() -> bool:
        nonlocal told_before
        quiet, told_before = told() == told_before, told()
        threading.Event().wait(0.3)
        return quiet

    until(is_quiet)
