"""The exception for commands that were not sent."""

from django.utils.translation import gettext

from classroom_admin.common.names import has_visible_character
from classroom_admin.common.problem_texts import capitalised, in_english, in_words
from classroom_admin.common.problems import Problem


class ActionRefused(Exception):
    """The error for an invalid command. Nothing was sent or recorded.

    ``problem`` is shown to people. If a worker may store it, it must be a ``Problem``. ``field`` is the
    cloud's name for the invalid parameter (``size``, ``webRecordConfig.videoFps``). It is None if no single
    parameter is invalid.
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
        """Return the message to show beside a form field. It omits the cloud's name for the parameter."""
        problem = self.problem.params.get("problem")
        return capitalised(problem if isinstance(problem, Problem) else self.problem)


def require_visible(name: str) -> None:
    """Raise ``ActionRefused`` if ``name`` has no visible character."""
    if not has_visible_character(name):
        raise ActionRefused(
            gettext("This name has no visible characters. Enter at least one letter, digit or symbol."),
            field="name",
        )
