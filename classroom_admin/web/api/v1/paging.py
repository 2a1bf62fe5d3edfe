"""Pages of lists. A cursor names the last row of a page, so rows that come or go meanwhile do no harm."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet
from ninja import Field, Schema

from classroom_admin.common.numbers import parsed
from classroom_admin.web.api.v1.problems import invalid
from classroom_admin.web.api.v1.schemas import of_page

USUAL: Final = 50
MOST: Final = 200
_MARK: Final = "v1:"


class Paging(Schema):
    """The parameters of each list."""

    cursor: str = Field("", max_length=60, description="`next_cursor` of the page before.")
    limit: int = Field(USUAL, ge=1, le=MOST, description="The largest number of items on the page.")


def page_of(
    rows: QuerySet[Any], paging: Paging, item: Callable[[Any], Any], *, newest_first: bool = True
) -> dict[str, Any]:
    """Return a page of ``rows``, ordered by their ids. ``item`` turns a row into an item."""
    return page_of_rows(rows, paging, lambda found: [item(row) for row in found], newest_first=newest_first)


def page_of_rows(
    rows: QuerySet[Any],
    paging: Paging,
    items: Callable[[list[Any]], list[Any]],
    *,
    newest_first: bool = True,
) -> dict[str, Any]:
    """Return a page of ``rows``, ordered by their ids. ``items`` turns the rows of the page into items."""
    after = position(paging.cursor)
    if after is not None:
        rows = rows.filter(pk__lt=after) if newest_first else rows.filter(pk__gt=after)
    found = list(rows.order_by("-pk" if newest_first else "pk")[: paging.limit + 1])
    shown = found[: paging.limit]
    return of_page(items(shown), cursor(shown[-1].pk) if len(found) > len(shown) else None)


def cursor(number: int) -> str:
    """Return the cursor for a number."""
    return base64.urlsafe_b64encode(f"{_MARK}{number}".encode()).decode().rstrip("=")


def position(text: str) -> int | None:
    """Return the number in a cursor, or None if ``text`` is "". Raise ``ApiProblem`` 422 if it is wrong."""
    if not text:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise _invalid() from error
    number = parsed(plain.removeprefix(_MARK)) if plain.startswith(_MARK) else None
    if number is None:
        raise _invalid()
    return number


def _invalid() -> Exception:
    return invalid("cursor", "This is not a cursor. Send “next_cursor” of the page before, unchanged.")
