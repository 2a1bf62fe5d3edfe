"""What the pages keep of their own: nothing here is folded from events."""

from classroom_admin.web.class_list.models import Snooze

__all__ = ["Snooze"]
