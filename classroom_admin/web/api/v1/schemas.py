"""Types that several modules of the API use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from ninja import Field, Schema
from pydantic import BeforeValidator, ConfigDict
from pydantic.json_schema import WithJsonSchema

from classroom_admin.web.parameters import LATEST_YEAR

Item = TypeVar("Item")
MOST_NUMBER = 2**63 - 1
FIRST_YEAR = 1970
RowId = Annotated[int, Field(ge=1, le=MOST_NUMBER)]
"""The id of a row in a path."""
Moment = Annotated[
    datetime, WithJsonSchema({"type": "string", "format": "date-time"}), Field(description="UTC")
]


def _moment(value: Any) -> datetime:
    """Return a time in ISO 8601 with a UTC offset, in UTC. Raise ValueError."""
    if not isinstance(value, str):
        raise ValueError("Write the time as text, such as “2026-09-01T09:30:00Z”.")
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("The UTC offset is missing. Write, for example, “2026-09-01T09:30:00Z”.")
    if not FIRST_YEAR < found.year < LATEST_YEAR:
        raise ValueError("This year is out of range.")
    return found.astimezone(UTC)


MomentIn = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A time in a request, with a UTC offset."""


class In(Schema):
    """A body of a request. A field that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Page(Schema, Generic[Item]):
    """A page of a list. Send `next_cursor` as `cursor` to get the next page. It is null on the last page."""

    items: list[Item]
    next_cursor: str | None


class FieldError(Schema):
    field: str
    message: str


class Problem(Schema):
    """An error (RFC 9457). `code` is stable. `detail` is for people."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] = Field(default_factory=list, description="The invalid fields of the request.")


def of_page(items: list[Any], next_cursor: str | None) -> dict[str, Any]:
    """Return a page for the type ``Page``."""
    return {"items": items, "next_cursor": next_cursor}
