"""The limit of open connections of this process."""

from __future__ import annotations

import logging
import resource

log = logging.getLogger(__name__)


def allow_many_connections() -> int:
    """Raise the soft limit of open files (often 1,024) to the hard limit. Return the resulting limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:
        log.warning("the limit of open files cannot be raised above %s: %s", soft, error)
        return soft
    return hard
