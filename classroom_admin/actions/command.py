"""What a command is, before anybody has run it: plain values, and two functions that use the client."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from classroom_admin.agora.client import Client

Detail = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirms:
    """The event that confirms a command: its ``cmd`` and what it must carry, in the shapes of
    ``audit.Expectation``.
    """

    cmd: int
    match: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command, ready to be run by ``flow.run``.

    ``call`` sends a call that was made (and so checked) before, and may give facts of the answer worth
    keeping (a recording's id).

    What confirms it: ``confirmed_by`` an event; ``read_back``, a look at the cloud that gives what it saw, or
    None while nothing shows yet. With neither, *accepted* is the last word. ``shows_by_itself``: whether what
    ``read_back`` saw tells that the command was done even where the cloud's answer to it was lost.

    ``same_as`` is what makes a second press the same command (by default target and params): without ids and
    seconds that each press makes anew. It is hashed, never stored, so it may hold what ``params`` must not.
    """

    action: str
    room_uuid: str
    call: Callable[[Client], Detail | None]
    target: str = ""
    target_name: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    same_as: Mapping[str, Any] | None = None
    confirmed_by: Confirms | None = None
    read_back: Callable[[Client], Detail | None] | None = None
    shows_by_itself: bool = True

    @property
    def accepted_is_final(self) -> bool:
        return self.confirmed_by is None and self.read_back is None
