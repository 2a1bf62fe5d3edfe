"""Keep the memory of a process with several threads small, and let forks share it."""

import ctypes
import gc
from typing import Final

_ARENA_MAX: Final = -8  # M_ARENA_MAX of glibc's mallopt
_MMAP_THRESHOLD: Final = -3  # M_MMAP_THRESHOLD
_LARGE_BYTES: Final = 256 * 1024


def use_one_arena() -> bool:
    """Let all threads of this process and of its forks share what they have freed.

    By default, the C library (glibc) gives each thread memory of its own, which other threads can't use. Each
    thread keeps as much as its largest task needed, for example for the cache of an SQLite connection. Blocks
    of at least 256 KB are returned to the system when they are freed. Return False with another C library.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_ARENA_MAX, 1)) and bool(mallopt(_MMAP_THRESHOLD, _LARGE_BYTES))


def share_with_forks() -> None:
    """Prepare this process for forks, which share its memory until they write to it.

    Otherwise the garbage collector would write to all objects of a fork, and so copy them.
    """
    gc.collect()
    gc.freeze()
