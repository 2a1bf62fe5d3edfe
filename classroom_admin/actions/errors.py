"""Errors of a command that was not sent."""

from django.http import Http404
from django.utils.translation import gettext

from classroom_admin.common.language import in_words
from classroom_admin.common.sentence import Sentence


class ActionRefused(Exception):
    """The command is invalid; nothing was sent or recorded.

    ``sentence`` is for people: a ``Sentence`` where a worker may store it for a reader of another language,
    else a text in the language of the request. ``field`` is the upstream name of the wrong parameter
    (``size``, ``webRecordConfig.videoFps``, ``dirty.duration``), None where it is no single one.
    """

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field

    @property
    def message(self) -> str:
        """Return ``sentence`` in the active language."""
        return in_words(self.sentence) if isinstance(self.sentence, Sentence) else self.sentence


class NotYours(Http404):
    """The room is not this person's: a 404 as for an unknown room: nobody learns which rooms exist."""

    def __init__(self) -> None:
        super().__init__(gettext("This class does not exist, or you don't have access to it."))
