"""The client of the commands, and the calls that they make."""

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from django.conf import settings

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora import client_for
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.common.problem_texts import as_sentence
from classroom_admin.common.sentence import Sentence, joined

COMMAND_S: Final = 15.0  # a person waits for it: all hosts, repeats and waits together
LOOK_S: Final = 5.0  # for a read-back
P = ParamSpec("P")
T = TypeVar("T")


def client() -> Client:
    """The cloud's client for the configured project (thread-safe, connections pooled).

    Raises ``ActionRefused`` in plain words where the connection is not set up.
    """
    problems = settings.AGORA.problems()
    if problems:
        raise ActionRefused(
            Sentence(
                "The connection to the cloud is not set up, so nothing was changed. Ask an "
                "administrator to open Settings: {problems}",
                problems=joined([as_sentence(problem) for problem in problems]),
            )
        )
    return client_for(settings.AGORA)


def valid(call: Callable[P, T], *args: P.args, **parameters: P.kwargs) -> T:
    """Make a call to the cloud. Raise ``ActionRefused`` with the field that is wrong; nothing is sent yet."""
    try:
        return call(*args, **parameters)
    except InvalidArgument as error:
        problem = as_sentence(error.problem)
        raise ActionRefused(
            Sentence("{field} {problem}", field=error.field, problem=problem), field=error.field
        ) from error
