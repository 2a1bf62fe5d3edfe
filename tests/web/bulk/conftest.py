"""The school and the simulated cloud of the tests of actions."""

from tests.actions.conftest import school, sim, simulator

__all__ = ["school", "sim", "simulator"]
