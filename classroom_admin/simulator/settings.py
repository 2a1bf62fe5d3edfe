"""The settings of a simulator, and default credentials."""

from dataclasses import dataclass, field
from typing import Literal

from classroom_admin.simulator.world.agora_chat import Uses
from classroom_admin.simulator.world.dialects import DIALECTS, Dialect

DEMO_APP_ID = "00112233445566778899aabbccddeeff"
DEMO_APP_CERTIFICATE = "ffeeddccbbaa99887766554433221100"
DEMO_CUSTOMER_ID = "demo-customer"
DEMO_CUSTOMER_SECRET = "demo-customer-secret"
DEFAULT_PORT = 8900
DEFAULT_POLL_BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class SimulatorSettings:
    """The settings of a simulator.

    ``seed`` selects the simulated school. If it is None, the cloud is empty. If ``plain`` is True, events
    have only their documented shape. ``poll_batch`` limits the events in a polling response. A room is
    destroyed an hour after it reaches the state ``destroy_after``. ``start_ms`` is the time when the clock
    starts, in milliseconds since the epoch. ``keep_past`` is the number of destroyed rooms to keep, or None
    to keep all. ``dialect`` selects the shape of events. If ``group_rooms`` is True, people in breakout rooms
    emit events under the id of the breakout room.

    ``customer_id`` and ``customer_secret`` are the credentials for audio and video calls. ``agora_chat`` says
    which new classes use Agora Chat: "off", "some" or "all". ``chat_callback_to`` is the URL for its
    callbacks, or "", and ``chat_secret`` signs them. ``relay_to`` is the URL of the dashboard's webhook, or
    "", and ``relay_secret`` is its secret. ``notify_to`` and ``notify_secret`` are the same for notifications
    about channels.
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
    dialect: Dialect = "2021"
    group_rooms: bool = False
    customer_id: str = DEMO_CUSTOMER_ID
    customer_secret: str = field(default=DEMO_CUSTOMER_SECRET, repr=False)
    agora_chat: Uses = "off"
    chat_callback_to: str = ""
    chat_secret: str = field(default="", repr=False)
    relay_to: str = ""
    relay_secret: str = field(default="", repr=False)
    notify_to: str = ""
    notify_secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for name in ("app_id", "app_certificate"):
            value = getattr(self, name)
            if len(value) != 32 or any(digit not in "0123456789abcdefABCDEF" for digit in value):
                raise ValueError(f"{name} must be 32 hexadecimal characters")
        if self.dialect not in DIALECTS:
            raise ValueError("dialect must be one of " + ", ".join(DIALECTS))
        if self.poll_batch < 1:
            raise ValueError("poll_batch must be at least 1")
        for name in ("relay_to", "notify_to", "chat_callback_to"):
            value = getattr(self, name)
            if value and not value.startswith("http://"):
                raise ValueError(f"{name} must be an http:// address")
        if not self.speed > 0:
            raise ValueError("speed must be above 0")
