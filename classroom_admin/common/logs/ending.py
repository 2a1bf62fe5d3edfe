"""Write and send what the log still holds, in a process that ends in an unusual way."""

from classroom_admin.common.logs import repeats, sentry


def finish() -> None:
    """Write the counts of repeated errors, and wait until errors are sent to Sentry."""
    repeats.write_counts()
    sentry.flush()
