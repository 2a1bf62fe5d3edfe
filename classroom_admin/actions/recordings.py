"""Commands about the recording of a class."""

from typing import Any

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Room


def start_recording(
    *,
    actor: User,
    room: Room,
    mode: str | None = None,
    web_config: dict[str, Any] | None = None,
    retry_timeout_s: int | None = None,
) -> Entry:
    """Start recording: ``mode`` None (composite) or "web", which needs ``web_config`` with url or rootUrl.

    ``web_config`` has the upstream names (``rootUrl``, ``videoBitrate``, ``onhold``…).
    """
    raise NotImplementedError


def stop_recording(*, actor: User, room: Room) -> Entry:
    """Stop the recording."""
    raise NotImplementedError


def pause_recording(*, actor: User, room: Room) -> Entry:
    """Pause a web recording. *Accepted* is the last word."""
    raise NotImplementedError


def resume_recording(*, actor: User, room: Room) -> Entry:
    """Go on with a paused web recording. *Accepted* is the last word."""
    raise NotImplementedError


def change_recording(*, actor: User, room: Room, web_config: dict[str, Any]) -> Entry:
    """Change the settings of a running web recording. *Accepted* is the last word."""
    raise NotImplementedError
