"""Create a school in a separate database, and change its rooms, for the benchmark of live updates."""

from __future__ import annotations

import importlib
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings


def begin(folder: Path) -> None:
    """Set up Django with a new database in `folder`."""
    os.environ |= {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "classroom_admin.settings"}
    for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
        os.environ.pop(name, None)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _models() -> Any:
    return importlib.import_module("classroom_admin.rooms.models")


def room_of(people: int) -> tuple[Any, str]:
    """Return a live room with this many students, and the session of an administrator."""
    models = _models()
    now = django.utils.timezone.now()
    number = models.Room.objects.count()
    room = models.Room.objects.create(
        room_uuid=f"bench {number}", name=f"Assembly {number}", state=1, version=1,
        started_at=now - timedelta(minutes=20), people_online=people, students_online=people,
    )  # fmt: skip
    models.Participant.objects.bulk_create(
        models.Participant(
            room=room, user_uuid=f"u{n}", name=f"Student Number {n:04}", role="student",
            online=True, version=1, online_since=now, camera_on=True, microphone_on=True, rewards=3,
        )
        for n in range(people)
    )  # fmt: skip
    return room, sessions(1)


def sessions(streams: int) -> str:
    """Return enough sessions of administrators to open this many streams, with commas between their keys."""
    from classroom_admin.realtime.limits import STREAMS_PER_ACCOUNT, STREAMS_PER_SESSION

    of_account = STREAMS_PER_ACCOUNT // STREAMS_PER_SESSION
    numbers = range(-(-streams // STREAMS_PER_SESSION))
    return ",".join(session_of(administrator(number // of_account)) for number in numbers)


def administrator(number: int) -> Any:
    """Return the administrator with this number. Create the account if it is missing."""
    from classroom_admin.accounts.models import User

    email = f"a{number}@bench.test"
    return User.objects.filter(email=email).first() or User.objects.create_superuser(
        email, "x", second_factor_exempt=True
    )


def session_of(person: Any) -> str:
    """Return the key of a new session of this person."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def live_rooms(count: int) -> None:
    """Make live rooms as in a school: with planned ends, some raised hands, and alerts in 2 % of rooms."""
    models = _models()
    now = django.utils.timezone.now()
    models.Room.objects.bulk_create(
        models.Room(
            room_uuid=f"live {n}", name=f"Class {n}", state=1, version=1, people_online=24,
            students_online=23,
            teachers_online=n % 50 != 0, hands_raised=n % 7 == 0,
            recording_state="recording" if n % 3 else "",
            started_at=now - timedelta(minutes=10, seconds=n),
            planned_end_at=now + timedelta(minutes=5 + n % 50),
        )
        for n in range(count)
    )  # fmt: skip


def version(room: Any) -> str:
    """Return the version that the room's page would have if it were rendered now."""
    from classroom_admin.realtime.versions import PageVersion
    from classroom_admin.rooms import class_selectors

    return str(PageVersion.of(class_selectors.as_shown().get(pk=room.pk)))


def ticket(room: Any, session_key: str) -> str:
    from django.contrib.sessions.backends.db import SessionStore

    from classroom_admin.realtime.polling_token import issue

    user_id = int(SessionStore(session_key)["_auth_user_id"])
    return issue(user_id=user_id, session_key=session_key, room_key=room.key, now_s=time.time())


def raise_a_hand(room: Any) -> tuple[float, str]:
    """Raise or lower a hand as the projector does; return the commit time and the page's new version."""
    from django.db import transaction

    models = _models()
    with transaction.atomic():
        locked = models.Room.objects.select_for_update().get(pk=room.pk)
        one = locked.participants.order_by("?").first()
        one.hand_raised, one.version = not one.hand_raised, locked.version + 1
        one.save(update_fields=["hand_raised", "version"])
        hands = locked.participants.filter(hand_raised=True).count()
        models.Room.objects.filter(pk=room.pk).update(version=locked.version + 1, hands_raised=hands)
    return time.time(), version(room)
