"""Where the commands get their client from, and one that only checks."""

from typing import Any, Final, NoReturn

from django.conf import settings

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora import client_for
from classroom_admin.agora.client import Client
from classroom_admin.agora.transport import Transport
from classroom_admin.common.sentence import Sentence, joined

COMMAND_S: Final = 15.0  # a person waits for it: all hosts, repeats and waits together
LOOK_S: Final = 5.0  # for a read-back


class WouldBeSent(Exception):
    """A rehearsed command came as far as sending: everything that the client checks was right."""


class _Rehearsal(Transport):
    """A transport that sends nothing."""

    def send(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise WouldBeSent


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
                problems=joined(problems),
            )
        )
    return client_for(settings.AGORA)


def rehearsing_client() -> Client:
    """A client that checks what it is given and raises ``WouldBeSent`` instead of sending it."""
    return Client(settings.AGORA, transport=_Rehearsal(settings.AGORA))
