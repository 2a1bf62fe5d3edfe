"""The settings of a simulator, and default credentials."""

from dataclasses import dataclass, field
from typing import Literal

DEMO_APP_ID = "00112233445566778899aabbccddeeff"
DEMO_APP_CERTIFICATE = "ffeeddccbbaa99887766554433221100"
DEFAULT_PORT = 8900
DEFAULT_POLL_BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class SimulatorSettings:
    """All settings of one simulator.

    ``seed`` selects the simulated school; with None, the cloud is empty. With ``plain``, every event has its
    documented shape, without variations. ``poll_batch`` limits the events in a polling response. A room is
    destroyed an hour after it reaches the state ``destroy_after``. ``start_ms`` is the time at which the
    clock starts, in ms since the epoch. ``keep_past`` is the number of destroyed rooms to keep; None keeps
    all. ``relay_to`` is the URL of the dashboard's webhook ("" for none), and ``relay_secret`` is its secret.
    """

    app_id: str = DEMO_APP_ID
    app_certificate: str = DEMO_APP_CERTIFICATE
    seed: int | None = None
    stepped: bool = False
    speed: float = 1.0
    start_ms: int | None = None
    poll_batch: int = DEFAULT_POLL_BATCH
    plain: bool = False
    destroy_after: Literal["closed", "ended"] = "closed"
    keep_past: int | None = None
    relay_to: str = ""
    relay_secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for name in ("app_id", "app_certificate"):
            value = getattr(self, name)
            if len(value) != 32 or any(digit not in "0123456789abcdefABCDEF" for digit in value):
                raise ValueError(f"{name} must be 32 hexadecimal characters")
        if self.poll_batch < 1:
            raise ValueError("poll_batch must be at least 1")
        if self.relay_to and not self.relay_to.startswith("http://"):
            raise ValueError("relay_to must be an http:// address")
        if not self.speed > 0:
            raise ValueError("speed must be above 0")
