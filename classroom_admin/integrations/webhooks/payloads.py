"""Write the bodies of outgoing webhooks. They have no secrets. Only a removal has the name of a person.

A body is made anew for each attempt. So it never has data that was erased in the meantime.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from django.urls import reverse

from classroom_admin.common.clock import iso
from classroom_admin.common.public_address import absolute
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.webhooks.models import Delivery
from classroom_admin.rooms.models import Participant

TEST: Final = "test"


def body_of(delivery: Delivery) -> str:
    """Return the body of a message as JSON: {"type", "timestamp", "data"}."""
    notice = delivery.notice
    content: dict[str, Any]
    if notice is None:
        content = {"type": TEST, "timestamp": iso(delivery.created_at), "data": {}}
    else:
        content = {"type": notice.kind, "timestamp": iso(notice.at), "data": _data(notice)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _data(notice: Notice) -> dict[str, Any]:
    room = notice.room
    of_class = {"key": room.key, "name": room.name, "url": _url("live:class", room.key)}
    return {"class": of_class, **_MORE[Notice.Kind(notice.kind)](notice)}


def _stored(notice: Notice) -> dict[str, Any]:
    return dict(notice.data)


def _attendance(notice: Notice) -> dict[str, Any]:
    return {**notice.data, "url": _url("reports:class", notice.room.key)}


def _recording(notice: Notice) -> dict[str, Any]:
    data = notice.data
    url = _url("reports:recording", data["recording"])
    times = {name: data[name] for name in ("started_at", "ended_at")}
    return {"recording": {"id": data["recording"], **times, "url": url}}


def _participant(notice: Notice) -> dict[str, Any]:
    """Return the person. An erasure replaces the row, and then both values are null."""
    row = Participant.objects.filter(pk=notice.data["participant"]).first()
    return {"participant": {"user_id": row and row.user_uuid, "name": row and row.name}}


_MORE: Final[dict[Notice.Kind, Callable[[Notice], dict[str, Any]]]] = {
    Notice.Kind.CLASS_STARTED: _stored,
    Notice.Kind.CLASS_ENDED: _stored,
    Notice.Kind.ALERT_RAISED: _stored,
    Notice.Kind.ATTENDANCE_READY: _attendance,
    Notice.Kind.RECORDING_READY: _recording,
    Notice.Kind.PARTICIPANT_REMOVED: _participant,
}


def _url(name: str, key: object) -> str:
    return absolute(reverse(name, args=[key]))
