"""Connect the list of classes and the class pages with the event streams that keep them up to date."""

from classroom_admin.realtime.hub import Hub
from classroom_admin.web.class_list.channel import ListChannel
from classroom_admin.web.classroom import rendering


def make_hub() -> Hub:
    """Return a hub that sends changes to open class pages and lists of classes."""
    return Hub(class_page=rendering, list_channel=ListChannel)
