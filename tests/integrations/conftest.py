"""A simulated cloud, this installation pointed at it, and a clock that tests step."""

from tests.sync.conftest import cloud, hands, sim

__all__ = ["cloud", "hands", "sim"]
