"""Why a command was not even tried."""

from django.http import Http404
from django.utils.translation import gettext


class ActionRefused(Exception):
    """The command makes no sense as it was given; nothing was sent and nothing put on record.

    ``message`` is a sentence for people. ``field`` is the upstream name of the parameter that is wrong
    (``size``, ``webRecordConfig.videoFps``, ``dirty.duration``), None where no single one is.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotYours(Http404):
    """The room is not this person's. A 404 like that of an unknown room, so that nobody learns which rooms
    exist.
    """

    def __init__(self) -> None:
        super().__init__(gettext("There is no such class, or it is not one of yours."))
