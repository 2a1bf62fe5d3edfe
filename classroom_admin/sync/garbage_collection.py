"""Python's cyclic garbage collection, paused while a batch is read or projected."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Pause the search for cycles: a batch makes tens of thousands of objects, all freed by their reference
    counts, and searching them again and again takes a fifth of the batch's time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
