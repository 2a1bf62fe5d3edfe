"""Python's cyclic garbage collector, kept out of the way of a batch."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """No search for cycles meanwhile: a batch makes tens of thousands of objects, all freed without it by
    their counts, and being looked through again and again costs a fifth of the batch's time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
