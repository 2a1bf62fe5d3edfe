"""Read the progress of a file's conversion into pages from the cloud's data. All functions are pure.

Every field of the data may be missing or invalid.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from classroom_admin.common.numbers import parsed

STEPS: Final = ("Extracting", "Packaging", "GeneratingPreview", "MediaTranscode")
_MOST_PAGES: Final = 2000
_LONGEST_ADDRESS: Final = 2048
_LARGEST_SIDE: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of a conversion. ``percent`` is from 0 to 100, and ``step`` is one of STEPS or "".

    ``done`` is the number of converted pages out of ``total``. Either is None if it is unknown.
    """

    percent: int
    done: int | None
    total: int | None
    step: str

    @property
    def is_over(self) -> bool:
        return self.percent >= 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A converted page: the http or https URL of its picture and, if known, its size in pixels."""

    name: str
    picture: str
    width: int | None
    height: int | None


def progress(
    *, percent: int | None, done: object = None, total: object = None, step: object = None
) -> Progress | None:
    """Return the progress, or None if nobody requested a conversion. All arguments are the cloud's values."""
    if percent is None:
        return None
    pages, finished = _count(total), _count(done)
    if pages is not None and finished is not None:
        finished = min(finished, pages)
    return Progress(
        percent=max(0, min(100, percent)),
        done=finished,
        total=pages or None,
        step=step if isinstance(step, str) and step in STEPS else "",
    )


def pages(task: object) -> list[Page]:
    """Return the converted pages that have a picture, in order. Prefer preview pictures."""
    return list(_pages(task))[:_MOST_PAGES]


def origins(found: list[Page]) -> list[str]:
    """Return the distinct origins of the pages' pictures, such as ``https://host:port``."""
    return list(dict.fromkeys(origin(page.picture) for page in found))


def _pages(task: object) -> Iterator[Page]:
    progress = task.get("taskProgress") if isinstance(task, Mapping) else None
    files = progress.get("convertedFileList") if isinstance(progress, Mapping) else None
    for number, row in enumerate(files if isinstance(files, list) else [], start=1):
        picture = row.get("ppt") if isinstance(row, Mapping) else None
        if not isinstance(picture, Mapping):
            continue
        address = next((url for url in (picture.get("preview"), picture.get("src")) if origin(url)), None)
        if address is not None:
            yield Page(
                name=str(row.get("name") or number)[:60],
                picture=str(address),
                width=_side(picture.get("width")),
                height=_side(picture.get("height")),
            )


def origin(url: Any) -> str:
    """Return the origin of a URL, or "" if it is not safe for a page to use the URL."""
    if not isinstance(url, str) or len(url) > _LONGEST_ADDRESS:
        return ""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    plain = host.replace("-", "").replace(".", "")
    if parts.scheme not in ("http", "https") or not plain.isascii() or not plain.isalnum():
        return ""
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _count(value: object) -> int | None:
    number = parsed(str(value))
    return number if number is not None and number <= 100_000 else None


def _side(value: object) -> int | None:
    try:
        number = round(float(str(value)))
    except (ValueError, OverflowError):
        return None
    return number if 0 < number <= _LARGEST_SIDE else None
