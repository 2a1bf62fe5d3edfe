"""An endpoint of a school, and a receiver that verifies what it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.common.encryption import decrypt
from classroom_admin.integrations.notices import tasks
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.notices.occurrences import Occurrence
from classroom_admin.integrations.notices.recorder import record
from classroom_admin.integrations.webhooks import actions
from classroom_admin.integrations.webhooks.models import Endpoint
from classroom_admin.rooms.models import Room
from tests.integrations.webhooks.receiver import Receiver, running_receiver

Notify = Callable[..., Notice]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    with running_receiver() as running:
        yield running


@pytest.fixture
def head(transactional_db: None) -> User:
    return User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR)


@pytest.fixture
def endpoint(head: User, receiver: Receiver) -> Endpoint:
    """An endpoint for all kinds at the receiver, which knows its secret."""
    made = actions.save(
        actor=head, endpoint=None, address=receiver.url, description="LMS", kinds=Notice.Kind.values
    )
    receiver.secret = decrypt(made.secret)
    return made


@pytest.fixture
def notify(transactional_db: None) -> Notify:
    """A function that stores a notice of a class and its deliveries."""

    def store(room: Room, name: str, kind: Notice.Kind = Notice.Kind.CLASS_STARTED, **data: Any) -> Notice:
        with transaction.atomic():
            found = Occurrence(kind=kind, name=name, at=clock.cloud_now(), data=data)
            (notice,) = record(room, [found])
        tasks.hand_over()
        return notice

    return store
