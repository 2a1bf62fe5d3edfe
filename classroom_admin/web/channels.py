"""Connect the event streams with the pages that they keep up to date: the class list and class pages."""

from classroom_admin.realtime.hub import Hub
from classroom_admin.web.class_list.channel import ListChannel
from classroom_admin.web.classroom import rendering


def make_hub() -> Hub:
    """Return a hub that sends changes to open class lists and class pages."""
    return Hub(class_page=rendering, list_channel=ListChannel)
