"""The errors of a broker that is away, or that refuses a message."""

from __future__ import annotations

from typing import Final

from amqp.exceptions import AMQPError
from kombu.exceptions import OperationalError

BROKER_ERRORS: Final = (OperationalError, AMQPError)
"""kombu turns most errors into its own, but not a refusal by RabbitMQ, such as that of a password."""
