"""The error of every module here."""

from __future__ import annotations

from typing import Any

from classroom_admin.common.problems import Problem


class LtiRefused(Exception):
    """The error if a launch is refused or a platform does not answer as it should. `problem` says why."""

    def __init__(self, code: str, **params: Any) -> None:
        self.problem = Problem(code, params)
        super().__init__(str(self.problem))
