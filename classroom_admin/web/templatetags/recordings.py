"""Template tags about recordings."""

from datetime import datetime

from django import template

from classroom_admin.common import clock
from classroom_admin.rooms.models import Recording
from classroom_admin.rooms.recording_links import Availability, availability, link_ends_at

register = template.Library()


@register.simple_tag
def watchable(recording: Recording) -> Availability:
    """Return whether the files of a recording can be watched now."""
    return availability(recording, clock.cloud_now())


@register.simple_tag
def kept_until(recording: Recording) -> datetime | None:
    """Return when the dashboard stops serving a recording, or None if there is no limit."""
    return link_ends_at(recording)
