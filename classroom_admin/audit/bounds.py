"""Bound how many entries people can cause who have no permission, so that they can't flood the audit log."""

import hashlib

from django.core.cache import cache


def within(*what: object, most: int, seconds: int = 60) -> bool:
    """Count an event, and return whether at most `most` of its kind happened in the current period.

    `what` names the kind. The cache counts, so each process may count on its own (see CACHE_URL).
    """
    name = "audit:" + hashlib.sha256(repr(what).encode()).hexdigest()
    if cache.add(name, 1, seconds):
        return most >= 1
    try:
        count = cache.incr(name)
    except ValueError:  # the period has just ended
        cache.set(name, 1, seconds)
        return most >= 1
    return count <= most
