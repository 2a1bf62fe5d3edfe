"""The kinds of alerts about classes, and how long a condition lasts before it is an alert."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings

NO_TEACHER: Final = "no_teacher"
ALONE: Final = "alone"
BANNED: Final = "banned"
HAND: Final = "hand"
RECORDING: Final = "recording"
OVER_TIME: Final = "over_time"
DATA: Final = "data"
CLOUD: Final = "cloud"
KINDS: Final = (NO_TEACHER, ALONE, BANNED, HAND, RECORDING, OVER_TIME, DATA, CLOUD)
"""All kinds of alerts, the most urgent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How long a condition lasts before it becomes an alert. See docs/running.md.

    A refused command stays an alert for `refused_for`. If `record_all` is True, every class must be recorded.
    """

    no_teacher: timedelta = timedelta(minutes=2)
    alone: timedelta = timedelta(minutes=2)
    hand: timedelta = timedelta(minutes=2)
    recording: timedelta = timedelta(minutes=1)
    over: timedelta = timedelta(minutes=5)
    stale: timedelta = timedelta(seconds=60)
    refused_for: timedelta = timedelta(minutes=15)
    record_all: bool = False


def thresholds() -> Thresholds:
    """Return the thresholds from the settings."""
    return Thresholds(
        no_teacher=timedelta(minutes=settings.WALL_NO_TEACHER_MINUTES),
        alone=timedelta(minutes=settings.WALL_ALONE_MINUTES),
        hand=timedelta(minutes=settings.WALL_HAND_MINUTES),
        recording=timedelta(minutes=settings.WALL_RECORDING_MINUTES),
        over=timedelta(minutes=settings.WALL_OVER_MINUTES),
        refused_for=timedelta(minutes=settings.WALL_REFUSED_MINUTES),
        stale=timedelta(seconds=settings.WALL_STALE_SECONDS),
        record_all=settings.RECORD_EVERY_CLASS,
    )
