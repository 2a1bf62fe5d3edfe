"""What the pages keep of their own: nothing here is projected from events."""

from classroom_admin.web.class_list.models import Snooze

__all__ = ["Snooze"]
