"""The environment variable of requests to addresses that people entered."""

from typing import Annotated

from pydantic import BeforeValidator

from classroom_admin.environment.fields import Section, parts_of, variable
from classroom_admin.environment.monitoring import network


class Outbound(Section):
    title = "Requests to other systems"
    intro = "See [outgoing webhooks](webhooks-out.md#addresses)."

    OUTBOUND_PRIVATE_NETWORKS: Annotated[tuple[str, ...], BeforeValidator(parts_of(network))] = variable(
        "The addresses and networks that are not public, and to which the dashboard may send requests all "
        "the same: webhooks, chat services, school sign-on and learning platforms. Separated by commas, such "
        "as `10.1.0.0/16`",
        (),
    )
