"""Delete the oldest part of the audit log when its retention period is over."""

from datetime import datetime


def count_before(moment: datetime) -> int:
    """Return how many entries `delete_before` would delete."""
    raise NotImplementedError


def delete_before(moment: datetime) -> int:
    """Delete the oldest entries, up to the first that is not older than `moment`. Return how many.

    An entry stays while it or an older entry has a step at or after `moment`. A signed checkpoint remains,
    from which the chain is verified. The deletion is recorded.
    """
    raise NotImplementedError
