"""What the pages keep of their own: nothing here is projected from events."""

from classroom_admin.live.wall.models import Snooze

__all__ = ["Snooze"]
