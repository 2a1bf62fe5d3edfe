"""Why a command was not even tried."""

from django.http import Http404
from django.utils.translation import gettext

from classroom_admin.common.language import in_words
from classroom_admin.common.sentence import Sentence


class ActionRefused(Exception):
    """The command makes no sense as it was given; nothing was sent and nothing put on record.

    ``sentence`` is what people are told: a ``Sentence`` where a worker may have to keep it for somebody who
    reads another language, else a text in the language of the one who asks. ``field`` is the upstream name
    of the parameter that is wrong (``size``, ``webRecordConfig.videoFps``, ``dirty.duration``), None where no
    single one is.
    """

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field

    @property
    def message(self) -> str:
        """``sentence`` in the active language."""
        return in_words(self.sentence) if isinstance(self.sentence, Sentence) else self.sentence


class NotYours(Http404):
    """The room is not this person's. A 404 like that of an unknown room, so that nobody learns which rooms
    exist.
    """

    def __init__(self) -> None:
        super().__init__(gettext("This class does not exist, or you don't have access to it."))
