"""The exception for commands that were not sent."""

from django.utils.translation import gettext

from classroom_admin.common.names import has_visible_character
from classroom_admin.common.problem_texts import capitalised, in_english, in_words
from classroom_admin.common.problems import Problem


class ActionRefused(Exception):
    """Raised if a command is invalid; nothing was sent or recorded.

    ``problem`` is shown to people. Pass a ``Problem`` if a worker may store it. Text in the language of the
    request is enough if it is shown at once. ``field`` is the cloud's name for the invalid parameter
    (``size``, ``webRecordConfig.videoFps``, ``dirty.duration``), or None if no single parameter is invalid.
    """

    def __init__(self, problem: Problem | str, field: str | None = None) -> None:
        self.problem = Problem("plain", {"text": problem}) if isinstance(problem, str) else problem
        self.field = field
        super().__init__(in_english(self.problem))

    @property
    def message(self) -> str:
        """Return the problem as text in the active language."""
        return in_words(self.problem)

    @property
    def message_at_field(self) -> str:
        """Return ``message`` without the cloud's name for the parameter, to show beside the form field."""
        problem = self.problem.params.get("problem")
        return capitalised(problem if isinstance(problem, Problem) else self.problem)


def require_visible(name: str) -> None:
    """Raise ``ActionRefused`` if ``name`` has no visible character."""
    if not has_visible_character(name):
        raise ActionRefused(
            gettext("This name has no visible characters. Enter at least one letter, digit or symbol."),
            field="name",
        )
