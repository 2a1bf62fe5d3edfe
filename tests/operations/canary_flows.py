"""Use many parts of an installation whose secrets are canaries, and print everything that came out.

`test_canary.py` runs this module in a process of its own, whose environment has the canaries.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.core.mail import send_mail  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.urls import NoReverseMatch, reverse  # noqa: E402
from kombu.transport.memory import Channel  # noqa: E402

from classroom_admin.accounts.models import User  # noqa: E402
from classroom_admin.celery import app  # noqa: E402
from classroom_admin.common import encryption  # noqa: E402
from classroom_admin.rooms.models import Room, RoomTeacher  # noqa: E402
from tests.actions.files import PDF  # noqa: E402
from tests.web.test_odd_values import patterns  # noqa: E402

log = logging.getLogger("canary")
told: dict[str, Any] = {"pages": 0, "errors": 0, "tasks": [], "failed": 0, "messages": 0}


def show(answer: Any) -> None:
    """Print a page with its headers."""
    told["pages"] += 1
    told["errors"] += answer.status_code >= 500
    print(answer.status_code, dict(answer.headers), {name: str(c) for name, c in answer.cookies.items()})
    if not answer.streaming:
        print(answer.content.decode("utf-8", "replace"))


def visit(client: Client, room: Room) -> None:
    """Open every page that needs no parameter, or only a class."""
    from django.urls import get_resolver

    for name, _, _ in patterns(get_resolver().url_patterns):
        for arguments in ([], [room.key]):
            try:
                address = reverse(name, args=arguments)
            except NoReverseMatch:
                continue
            if "logout" not in name:
                show(client.get(address))


def act(client: Client, room: Room) -> None:
    """Send commands to a cloud that does not answer, and upload a file."""
    inside = f"/classes/{room.key}"
    for path, fields in {
        f"{inside}/do/end/": {},
        f"{inside}/do/announce/": {"text": "Hello", "to": "3"},
        f"{inside}/recording/start/": {"mode": "composite"},
        "/settings/test/": {},
        "/classes/new/": {"name": "Latin", "starts_at": "2126-12-01T10:00", "minutes": "45", "zone": "UTC"},
        "/sign-in/": {"login": "admin@school.test", "password": "not the password"},
        "/api/notifications": {},
        "/api/agora/notifications/": {},
        "/api/agora/chat/": {},
        "/account/password/reset/": {"email": "admin@school.test"},
    }.items():
        show(client.post(path, fields))
    file = SimpleUploadedFile("a.pdf", PDF)
    show(client.post(f"{inside}/files/add/", {"way": "computer", "file": file, "name": "a"}))


def fail(client: Client) -> None:
    """Cause server errors, and print the error page with and without DEBUG."""
    from django.db import connection

    def broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        keys = [settings.RELAY_SECRET, settings.AGORA, settings.DATABASES, settings.CELERY_BROKER_URL]
        raise RuntimeError(f"the database failed with {keys} and {settings.SECRET_KEY}")

    for is_debug in (False, True):
        settings.DEBUG = is_debug
        with connection.execute_wrapper(broken):
            show(client.get("/plans/"))
            show(client.get("/plans/", headers={"Accept": "text/plain"}))
    settings.DEBUG = False


def run_tasks() -> None:
    """Run every periodic task, and send every task to the broker."""
    for name in sorted({row["task"] for row in settings.CELERY_BEAT_SCHEDULE.values()}):
        app.send_task(name)
        try:
            app.tasks[name].apply(throw=True)
        except Exception:
            told["failed"] += 1
            log.exception("%s failed", name)
        told["tasks"].append(name)


def main() -> None:
    setup_test_environment(debug=False)
    admin = User.objects.create_user("admin@school.test", "a long password", role=User.Role.ADMINISTRATOR)
    room = Room.objects.create(room_uuid="r1", name="Latin", version=1, state=1)
    RoomTeacher.objects.create(room=room, user=admin)
    client = Client(raise_request_exception=False)
    client.force_login(admin)
    encryption.encrypt("x")
    visit(client, room)
    act(client, room)
    app.autodiscover_tasks(force=True)
    run_tasks()
    fail(client)
    try:
        send_mail("s", "b", "a@school.test", ["b@school.test"])
    except OSError:
        log.exception("mail failed")
    for name, queue in Channel.queues.items():
        for message in list(queue.queue):
            told["messages"] += 1
            print("message in", name, message)
    print(f"\nTOLD {json.dumps(told)}", flush=True)


if __name__ == "__main__":
    main()
    sys.exit(0)
