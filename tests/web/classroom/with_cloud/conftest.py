"""A school whose commands go to a simulated cloud."""

from tests.actions.conftest import person, school, sim, simulator, truth  # noqa: F401
