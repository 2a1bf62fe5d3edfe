"""Helpers for classes with alerts."""

from __future__ import annotations

from datetime import datetime, timedelta

from classroom_admin.common import clock


def ago(minutes: float) -> datetime:
    return clock.now() - timedelta(minutes=minutes)
