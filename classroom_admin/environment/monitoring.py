"""The environment variables of monitoring."""

import ipaddress
from typing import Annotated

from pydantic import BeforeValidator

from classroom_admin.environment.fields import Section, WebAddress, parts_of, variable


def network(text: str) -> str:
    """Return the address or network of clients. Raise ValueError for any other text."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError("each part must be an address like 10.0.0.7 or a network like 10.0.0.0/8") from None


class Monitoring(Section):
    title = "Monitoring"
    intro = (
        "See [monitoring](monitoring.md). Without the first two variables, `/metrics` does not exist. "
        "Other `OTEL_` variables are read by OpenTelemetry itself."
    )

    METRICS_TOKEN: str = variable(
        "The token with which Prometheus reads `/metrics` (`Authorization: Bearer …`), "
        "at least 16 characters",
        secret="literal",
        least=16,
    )
    METRICS_NETWORKS: Annotated[tuple[str, ...], BeforeValidator(parts_of(network))] = variable(
        "The addresses and networks from which `/metrics` may be read without the token, separated by commas",
        (),
    )
    OTEL_EXPORTER_OTLP_ENDPOINT: WebAddress = variable(
        "The OpenTelemetry collector that gets traces over HTTP, such as `http://127.0.0.1:4318`; "
        "empty: no traces"
    )
