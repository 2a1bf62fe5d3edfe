"""A simulated cloud, and this installation pointed at it."""

from tests.sync.conftest import cloud, poller, sim

__all__ = ["cloud", "poller", "sim"]
