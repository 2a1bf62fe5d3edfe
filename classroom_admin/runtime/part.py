"""What the supervisor needs to know to run a process of an installation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A process to run.

    ``env`` is the whole environment. The optional function ``ready`` must be quick and is called until it
    returns True. A ``foundation`` ends after the other processes, because they would log errors without it.
    Lines of output that contain a string in ``hush`` are not shown. If ``may_fork`` is True, a Python module
    runs in a fork of this process if possible (see ``children``). If ``may_end`` is True, the process has a
    limited task: the other processes continue when it ends.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path | None = None
    ready: Callable[[], bool] | None = None
    foundation: bool = False
    hush: Sequence[bytes] = ()
    may_fork: bool = False
    may_end: bool = False
