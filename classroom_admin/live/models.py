"""What the pages keep of their own: nothing here is folded from events."""

from classroom_admin.live.wall.models import Snooze

__all__ = ["Snooze"]
