"""Declare types, meanings and defaults of environment variables, for `environment.variables`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from classroom_admin.environment import addresses, weights


def plain(text: str) -> str:
    """Return a value without surrounding spaces and quotes. Some programs do not remove them."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].strip()
    return text


def parts_of(read: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    """Return a function that splits a string at commas and applies `read` to each part."""

    def read_all(text: str) -> tuple[str, ...]:
        return tuple(read(part) for raw in text.split(",") if (part := plain(raw)))

    return read_all


def _time_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (LookupError, ValueError, OSError):
        raise ValueError("it must be the name of a time zone like Europe/Madrid") from None


def _level(text: str) -> str:
    if text.upper() not in logging.getLevelNamesMapping():
        raise ValueError("it must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return text.upper()


PublicAddress = Annotated[str, BeforeValidator(addresses.public_address)]
WebAddress = Annotated[str, BeforeValidator(lambda text: addresses.web_address(text) if text else "")]
Scanner = Annotated[str, BeforeValidator(lambda text: addresses.scanner(text) if text else "")]
LinkTemplate = Annotated[str, BeforeValidator(addresses.link_template)]
Hosts = Annotated[tuple[str, ...], BeforeValidator(parts_of(addresses.allowed_host))]
Origins = Annotated[tuple[str, ...], BeforeValidator(parts_of(addresses.origin))]
Proxies = Annotated[
    tuple[str, ...] | None,
    BeforeValidator(lambda text: () if text.lower() == "none" else parts_of(addresses.proxy)(text)),
]
Host = Annotated[str, BeforeValidator(addresses.listening_host)]
Port = Annotated[int, Field(ge=1, le=65535)]
Folder = Annotated[Path, BeforeValidator(addresses.folder)]
Settings = dict[str, Any]
"""Django settings that are read from one address."""
Lower = BeforeValidator(str.lower)
Upper = BeforeValidator(str.upper)
Whole = Annotated[int, Field(ge=0)]
StopWait = Annotated[int, Field(ge=0, le=600)]
Days = Annotated[int, Field(ge=0, le=36_500)]
Rate = Annotated[int, Field(ge=10, le=1_000_000)]
Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Interval = Annotated[float, Field(gt=0, allow_inf_nan=False)]
TimeZone = Annotated[str, BeforeValidator(_time_zone)]
Level = Annotated[str, BeforeValidator(_level)]
Names = Annotated[tuple[str, ...], BeforeValidator(addresses.names)]
Keys = Annotated[tuple[str, ...], BeforeValidator(parts_of(str))]
Weights = Annotated[dict[str, float], BeforeValidator(weights.participation)]


def variable(meaning: str, default: Any = "", *, shown: str = "", secret: str = "", least: int = 0) -> Any:
    """Declare a variable. The documentation shows ``shown`` if the default depends on other values.

    `secret` is "literal" for a secret. Its spaces and quotes are kept. `secret` is "inside" for an address
    that may contain a password. No message contains the value of such a variable. The dashboard does not
    start if a secret has fewer than `least` characters.
    """
    extra: dict[str, Any] = {"shown": shown, "literal": secret == "literal", "least": least}
    return Field(default=default, description=meaning, repr=not secret, json_schema_extra=extra)


class Section(BaseModel):
    """The variables on one topic. `title` and `intro` are texts for the documentation."""

    model_config = ConfigDict(frozen=True, defer_build=True)
    title: ClassVar[str] = ""
    intro: ClassVar[str] = ""
