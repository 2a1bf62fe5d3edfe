"""Define which pages streams keep up to date: the class list and the page of a class."""

from classroom_admin.realtime.hub import Hub
from classroom_admin.web.class_list.channel import ListChannel
from classroom_admin.web.classroom import rendering


def make_hub() -> Hub:
    """Return a hub that serves both pages."""
    return Hub(class_page=rendering, list_channel=ListChannel)
