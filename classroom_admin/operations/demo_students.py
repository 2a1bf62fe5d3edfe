"""Students of a demo who come by the link of a class, wait, and enter the classroom when they are let in."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote

from django.conf import settings

from classroom_admin.agora.room_tokens import room_token
from classroom_admin.common import clock
from classroom_admin.common.random_text import new_key
from classroom_admin.integrations.joining import actions, identities, links, selectors
from classroom_admin.integrations.joining.models import JoinPage, JoinRequest
from classroom_admin.integrations.joining.stages import Stage
from classroom_admin.rooms.models import Room, RoomState

CLASSES: Final = 3
"""The number of classes with a link and with people who wait."""
WAITING: Final = 3
LOOK_EVERY_S: Final = 3.0
COMES_EVERY_S: Final = 45.0
STUDENT: Final = 2
NAMES: Final = (
    "Amara Okoye", "Béla Nagy", "Chloë Martin", "Darius Popescu", "سلمى حداد", "Emil Sørensen",
    "Freya Lindahl", "李明", "Giulia Conti", "Hiro Sato", "Isla Murray", "Jakub Nowak", "Kemal Yıldız",
    "Lucía Fernández",
)  # fmt: skip


def join_address() -> str:
    """Return the path of the link for students of a class that runs, or "" if no class runs yet."""
    room = _live_classes()[:1]
    return links.class_link(_with_link(room[0])) if room else ""


def run() -> None:
    """Let students come and enter, until the process is ended."""
    came_at: dict[int, float] = {}
    while True:
        for room in _live_classes()[:CLASSES]:
            page = _with_link(room)
            waiting = list(selectors.waiting_requests(room))
            actions.seen([one.ticket for one in waiting])
            now = clock.monotonic()
            if len(waiting) < WAITING and now - came_at.get(page.pk, -COMES_EVERY_S) >= COMES_EVERY_S:
                first = page.pk not in came_at
                came_at[page.pk] = now
                for _ in range(WAITING if first and not waiting else 1):
                    _come(page)
            _enter_admitted(page)
        time.sleep(LOOK_EVERY_S)


def _live_classes() -> list[Room]:
    rooms = Room.objects.filter(state=RoomState.STARTED, gone_at=None, parent=None)
    return list(rooms.order_by("started_at", "pk")[:CLASSES])


def _with_link(room: Room) -> JoinPage:
    page = links.page_of(room)
    if page.code is None:
        page.code = new_key()
        page.save(update_fields=["code"])
    return page


def _come(page: JoinPage) -> None:
    number = page.requests.count()
    if number < len(NAMES):
        name = NAMES[(number + page.pk * WAITING) % len(NAMES)]
        browser = f"demo {page.pk} {number}"
        actions.ask(page, identities.guest(name, browser=browser), browser=browser)


def _enter_admitted(page: JoinPage) -> None:
    admitted = page.requests.filter(
        state=JoinRequest.State.ADMITTED, entered_at=None, browser__startswith="demo "
    )
    for one in admitted.select_related("page__room"):
        if selectors.stage(one, has_app=True)[0] is Stage.READY and _enter(page.room.room_uuid, one):
            actions.entered(one)


def _enter(room_uuid: str, one: JoinRequest) -> bool:
    """Enter the simulated classroom. Return False if the simulator refuses, for example after its end."""
    token = room_token(
        settings.AGORA,
        room_uuid=room_uuid,
        user_uuid=one.user_id,
        role=STUDENT,
        now_s=clock.cloud_now().timestamp(),
    )
    body = {"userUuid": one.user_id, "userName": one.name, "role": STUDENT, "token": token, "stream": True}
    return _post(f"{settings.AGORA.base_url}/_sim/rooms/{quote(room_uuid, safe='')}/enter", body)


def _post(url: str, body: dict[str, Any]) -> bool:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=10):
            return True
    except HTTPError:
        return False
