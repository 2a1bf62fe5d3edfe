"""The result of one check of `manage.py doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found. `fix` says what to do about a warning or a failure."""

    status: Status
    message: str
    fix: str = ""


def ok(message: str) -> Result:
    return Result("ok", message)


def warning(message: str, fix: str) -> Result:
    return Result("warning", message, fix)


def failed(message: str, fix: str) -> Result:
    return Result("failed", message, fix)


def skipped(message: str) -> Result:
    """Return the result of a check that can't know, or that this installation does not need."""
    return Result("skipped", message)
