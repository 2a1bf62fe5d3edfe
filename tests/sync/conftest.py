"""A simulated cloud, and this installation pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from classroom_admin.agora.client import Client
from classroom_admin.agora.config import CloudConfig
from classroom_admin.rooms.models import Room
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync.polling import Poller
from tests.stepped_clock import SteppedClock, use


def config_for(sim: RunningSimulator, **changes: Any) -> CloudConfig:
    settings = {
        "base_url": sim.base_url,
        "fallback_url": "",
        "region": "na",
        "app_id": sim.app_id,
        "app_certificate": sim.app_certificate,
        "uid": "classroom-admin",
        "requests_per_second": 0.0,
        **changes,
    }
    return CloudConfig(**settings)


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    """An empty cloud whose rooms do what a test tells them to."""
    with running_simulator(plain=True) as simulator:
        yield simulator


@pytest.fixture
def cloud(sim: RunningSimulator, settings: Any) -> Client:
    """The client for `sim`, which the settings name too."""
    settings.AGORA = config_for(sim)
    return Client(settings.AGORA)


@pytest.fixture
def poller(cloud: Client, transactional_db: None) -> Poller:
    return Poller(cloud)


@pytest.fixture
def hands() -> Iterator[SteppedClock]:
    """Our own clock, moved by hand."""
    with use(SteppedClock(timezone.now())) as stepped:
        yield stepped


def sync_once() -> str:
    """Run `manage.py sync --once`; gives what it failed with, empty when all went well."""
    try:
        call_command("sync", "--once")
    except CommandError as error:
        return str(error)
    return ""


def room(room_uuid: str) -> Room:
    return Room.objects.get(room_uuid=room_uuid)
