"""What the client must know to call the cloud: where it is, who calls, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

from classroom_admin.agora import checks
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.common.sentence import Sentence

REGIONS: Final = ("cn", "ap", "eu", "na")
_HEX: Final = frozenset("0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfig:
    """The connection to one Agora project.

    Times are seconds. ``fallback_url`` may be empty (no second host). ``requests_per_second`` bounds what one
    process sends; 0 lifts the bound. The certificate never shows in ``repr``.
    """

    base_url: str = "https://api.agora.io"
    fallback_url: str = "https://api.sd-rtn.com"
    region: str = ""
    app_id: str = ""
    app_certificate: str = field(default="", repr=False)
    uid: str = ""
    auth: Literal["rtm", "education"] = "rtm"
    record_update_method: Literal["PATCH", "PUT"] = "PATCH"
    connect_timeout_s: float = 3.05
    read_timeout_s: float = 10.0
    requests_per_second: float = 20.0

    def problems(self) -> list[Sentence]:
        """Say in plain words what is not set or wrong, one sentence each; an empty list means all is well."""
        return [*self._address_problems(), *self._identity_problems(), *self._habit_problems()]

    def _address_problems(self) -> list[Sentence]:
        found: list[Sentence] = []
        for name, url in (("AGORA_BASE_URL", self.base_url), ("AGORA_FALLBACK_URL", self.fallback_url)):
            if not url:
                if name == "AGORA_BASE_URL":
                    found.append(
                        Sentence(
                            "AGORA_BASE_URL is not set. Set it to the cloud's address: https://api.agora.io."
                        )
                    )
            elif not _is_host_address(url):
                found.append(
                    Sentence(
                        "{name} is not a web address. It must start with http:// or https:// and include a "
                        "host.",
                        name=name,
                    )
                )
        if not self.region:
            found.append(Sentence("AGORA_REGION is not set. Set it to cn, ap, eu or na."))
        elif self.region not in REGIONS:
            found.append(
                Sentence("AGORA_REGION is {value}. It must be cn, ap, eu or na.", value=repr(self.region))
            )
        return found

    def _identity_problems(self) -> list[Sentence]:
        found: list[Sentence] = []
        for name, value in (("AGORA_APP_ID", self.app_id), ("AGORA_APP_CERTIFICATE", self.app_certificate)):
            if not value:
                found.append(
                    Sentence(
                        "{name} is not set. Copy it from the project page in the Agora console.", name=name
                    )
                )
            elif len(value) != 32 or not _HEX.issuperset(value):
                found.append(
                    Sentence("{name} is not valid. It must be 32 characters of 0-9 and a-f.", name=name)
                )
        if self.auth not in ("rtm", "education"):
            found.append(
                Sentence("AGORA_AUTH is {value}. It must be rtm or education.", value=repr(self.auth))
            )
        elif self.auth == "rtm" and not self.uid:
            found.append(
                Sentence(
                    "AGORA_UID is not set. Set it to the name this server signs in with, for example admin."
                )
            )
        elif self.auth == "rtm":
            try:
                checks.user_id(self.uid, field="AGORA_UID")
            except InvalidArgument as error:
                found.append(Sentence("{name} {problem}", name=error.field, problem=error.sentence))
        return found

    def _habit_problems(self) -> list[Sentence]:
        found: list[Sentence] = []
        if self.record_update_method not in ("PATCH", "PUT"):
            found.append(
                Sentence(
                    "AGORA_RECORD_UPDATE_METHOD is {value}. It must be PATCH or PUT.",
                    value=repr(self.record_update_method),
                )
            )
        if self.connect_timeout_s <= 0 or self.read_timeout_s <= 0:
            found.append(Sentence("The connect and read timeouts must be greater than 0 seconds."))
        if self.requests_per_second < 0:
            found.append(Sentence("AGORA_REQUESTS_PER_SECOND must be 0 (no limit) or more."))
        return found


def _is_host_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_is_readable = parts.port is None or parts.port >= 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port_is_readable
