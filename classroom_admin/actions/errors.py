"""Errors of a command that was not sent."""

from django.http import Http404
from django.utils.translation import gettext

from classroom_admin.common.problem_texts import capitalised, in_english, in_words
from classroom_admin.common.problems import Problem


class ActionRefused(Exception):
    """The command is invalid; nothing was sent or recorded.

    ``problem`` is for people. What a worker may store is given as a ``Problem``, what is only shown at once
    may be a text in the language of the request. ``field`` is the upstream name of the wrong parameter
    (``size``, ``webRecordConfig.videoFps``, ``dirty.duration``), None where it is no single one.
    """

    def __init__(self, problem: Problem | str, field: str | None = None) -> None:
        self.problem = Problem("plain", {"text": problem}) if isinstance(problem, str) else problem
        self.field = field
        super().__init__(in_english(self.problem))

    @property
    def message(self) -> str:
        """Return what is wrong in the active language."""
        return in_words(self.problem)

    @property
    def message_at_field(self) -> str:
        """Return ``message`` without the upstream name of the parameter, to show beside its field."""
        problem = self.problem.params.get("problem")
        return capitalised(problem if isinstance(problem, Problem) else self.problem)


class NotYours(Http404):
    """The room is not this person's: a 404 as for an unknown room: nobody learns which rooms exist."""

    def __init__(self) -> None:
        super().__init__(gettext("This class does not exist, or you don't have access to it."))
