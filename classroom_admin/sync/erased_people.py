"""Keep erased people out of old events that the cloud delivers again, for example to fill a sequence gap.

The package `privacy`, which knows who was erased, installs its finder with `install`. This package may not
import it. An event that is not older than an erasure is new data, and is stored as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from classroom_admin.common.json_reading import as_json
from classroom_admin.events.erasure import ERASED_KIND, Finder, rewrite_answer, rewrite_event
from classroom_admin.events.values import mapping
from classroom_admin.sync.sorting import Item, Sorted

FinderFor = Callable[[int | None], Finder | None]
"""A function that returns the people who were erased after a time (ms since 1970 UTC), or None for nobody."""


def _nobody() -> FinderFor:
    return lambda _ts_ms: None


_finders: Callable[[], FinderFor] = _nobody


def install(finders: Callable[[], FinderFor]) -> None:
    """Call `finders` for each response from now on. Its result knows the erasures of this moment."""
    global _finders
    _finders = finders


def without_erased(batch: Sorted) -> bool:
    """Remove erased people from the events of a response. Return whether anything was changed.

    The caller must have locked the cursors of the response. An erasure locks them, too, so it either begins
    before this reads who was erased, or it rewrites the events that are stored here.
    """
    changed = False
    finder_for = _finders()
    for items in batch.places.values():
        for name, item in list(items.items()):
            rewritten = _rewritten(item, finder_for)
            if rewritten is item:
                continue
            changed = True
            if rewritten is None:
                del items[name]
            else:
                items[name] = rewritten
    repeats = [(place, item, _rewritten(item, finder_for)) for place, item in batch.repeats]
    changed = changed or any(before is not after for _place, before, after in repeats)
    batch.repeats = [(place, after) for place, _before, after in repeats if after is not None]
    finder = finder_for(None) if batch.aside else None
    if finder is not None:
        aside = [(reason, text_without_erased(raw, finder)) for reason, raw in batch.aside]
        changed = changed or aside != batch.aside
        batch.aside = aside
    return changed


def body_without_erased(body: bytes) -> bytes:
    """Return the bytes of a response without erased people."""
    finder = _finders()(None)
    return body if finder is None else text_without_erased(body.decode(errors="replace"), finder).encode()


def notice_without_erased(body: bytes) -> bytes:
    """Return the bytes of a notification about a channel without people who were erased after its time."""
    content = _json(body.decode(errors="replace"))
    seconds = mapping(mapping(content).get("payload")).get("ts") if isinstance(content, dict) else None
    ts_ms = round(seconds * 1000) if isinstance(seconds, int | float) else None
    finder = _finders()(ts_ms)
    return body if finder is None else text_without_erased(body.decode(errors="replace"), finder).encode()


def text_without_erased(text: str, finder: Finder) -> str:
    """Return JSON, or lines of JSON, without the people of `finder`. Text that is not JSON stays."""
    whole = _json(text)
    if whole is not _NOT_JSON:
        rewritten = rewrite_answer(whole, finder)
        return text if rewritten == whole else "" if rewritten is None else as_json(rewritten)
    if "\n" not in text.strip():
        return text
    return "\n".join(text_without_erased(line, finder) for line in text.split("\n") if line.strip())


_NOT_JSON: Any = object()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _rewritten(item: Item, finder_for: FinderFor) -> Item | None:
    """Return the item without erased people, or None if it must not be stored.

    If the item names none of them, return the same object.
    """
    finder = finder_for(item.ts_ms)
    if finder is None:
        return item
    raw = json.loads(item.raw)
    rewritten = rewrite_event(raw, finder)
    if rewritten is None or rewritten == raw:
        return None if rewritten is None else item
    removed = rewritten.get("cmd") == ERASED_KIND
    return replace(item, raw=as_json(rewritten), cmd=ERASED_KIND if removed else item.cmd)
