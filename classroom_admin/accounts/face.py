"""Read the school's face. Each process keeps it for two seconds, so a page costs no query for it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from classroom_admin.accounts.face_models import ONLY, SchoolFace
from classroom_admin.common import clock

READ_EVERY_S: Final = 2.0
PRODUCT: Final = "Classroom Admin"


class Viewer(Protocol):
    """What `Banner.is_for` needs to know of a person."""

    @property
    def is_authenticated(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """An announcement on all pages, from `starts_at` until `ends_at` (None: no limit)."""

    number: int
    text: str
    level: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    can_be_dismissed: bool = True
    for_visitors: bool = False

    def is_for(self, viewer: Viewer | None) -> bool:
        """Return whether this person, or a visitor (None), sees the announcement now."""
        now = clock.now()
        if (self.starts_at and now < self.starts_at) or (self.ends_at and now >= self.ends_at):
            return False
        if viewer is None or not viewer.is_authenticated:
            return self.for_visitors
        return not (self.can_be_dismissed and getattr(viewer, "dismissed_banner", 0) == self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """The school's face. `colour` and `logo` (a digest) are "" if the school has none."""

    name: str = ""
    colour: str = ""
    logo: str = ""
    help_url: str = ""
    privacy_url: str = ""
    accessibility_url: str = ""
    banner: Banner | None = None

    @property
    def title(self) -> str:
        """Return the name of the school or, without one, of the product."""
        return self.name or PRODUCT

    @property
    def has_links(self) -> bool:
        return bool(self.help_url or self.privacy_url or self.accessibility_url)


_lock = threading.Lock()
_read: tuple[float, Face] | None = None


def current() -> Face:
    """Return the school's face. Read the database at most every two seconds.

    So a change in another process is visible after two seconds, and in this one at once.
    """
    read = _read
    # Use the clock of this machine, because a test may stop `common.clock`.
    if read is not None and 0 <= time.monotonic() - read[0] < READ_EVERY_S:
        return read[1]
    row = SchoolFace.objects.filter(pk=ONLY).first()
    found = face_of(row) if row is not None else Face()
    remember(found)
    return found


def last_known() -> Face:
    """Return the face that this process read last, without the database. Error pages show it."""
    return _read[1] if _read is not None else Face()


def remember(face: Face) -> None:
    """Use this face in this process."""
    global _read
    with _lock:
        _read = (time.monotonic(), face)


def forget() -> None:
    """Forget the face, so that the next call of `current` reads the database."""
    global _read
    with _lock:
        _read = None


def face_of(row: SchoolFace) -> Face:
    """Return the face that a row describes."""
    banner = Banner(
        number=row.banner_number,
        text=row.banner_text,
        level=row.banner_level,
        starts_at=row.banner_from,
        ends_at=row.banner_until,
        can_be_dismissed=row.banner_can_be_dismissed,
        for_visitors=row.banner_for_visitors,
    )
    return Face(
        name=row.name,
        colour=row.colour,
        logo=row.logo_digest,
        help_url=row.help_url,
        privacy_url=row.privacy_url,
        accessibility_url=row.accessibility_url,
        banner=banner if row.banner_text else None,
    )
