"""A receiver on loopback, which the settings allow."""

from tests.integrations.webhooks.conftest import receiver

__all__ = ["receiver"]
