"""The configuration of the cloud client: addresses, credentials, time-outs and request limit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from classroom_admin.common.addresses import is_web_address
from classroom_admin.common.cloud_ids import ID_SIGNS, problem_with_id
from classroom_admin.common.problems import Problem

REGIONS: Final = ("cn", "ap", "eu", "na")
_HEX: Final = frozenset("0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfig:
    """The connection to one Agora project. Times are in seconds.

    If `fallback_url` is empty, there is no second host. If `chat_url` is empty, Agora Chat is not called.
    `requests_per_second` limits the requests of all processes together. 0 means no limit. Only calls with
    `CloudCall.customer` need the customer id and secret. `repr` hides the certificate and the secret.
    """

    base_url: str = "https://api.agora.io"
    fallback_url: str = "https://api.sd-rtn.com"
    chat_url: str = ""
    region: str = ""
    app_id: str = ""
    app_certificate: str = field(default="", repr=False)
    uid: str = ""
    customer_id: str = ""
    customer_secret: str = field(default="", repr=False)
    auth: Literal["auto", "rtm", "education"] = "auto"
    record_update_method: Literal["PATCH", "PUT"] = "PATCH"
    connect_timeout_s: float = 3.05
    read_timeout_s: float = 10.0
    requests_per_second: float = 20.0

    def problems(self) -> list[Problem]:
        """Return a problem for each missing or invalid value."""
        return [*self._address_problems(), *self._identity_problems(), *self._habit_problems()]

    def _address_problems(self) -> Iterator[Problem]:
        if not self.base_url:
            yield Problem("base_url_missing")
        addresses = (
            ("AGORA_BASE_URL", self.base_url),
            ("AGORA_FALLBACK_URL", self.fallback_url),
            ("AGORA_CHAT_URL", self.chat_url),
        )
        for name, url in addresses:
            if url and not is_web_address(url):
                yield Problem("host_wrong", {"name": name})
        if not self.region:
            yield Problem("region_missing")
        elif self.region not in REGIONS:
            yield Problem("region_unknown", {"value": repr(self.region)})

    def _identity_problems(self) -> Iterator[Problem]:
        for name, value in (("AGORA_APP_ID", self.app_id), ("AGORA_APP_CERTIFICATE", self.app_certificate)):
            if not value:
                yield Problem("project_value_missing", {"name": name})
            elif len(value) != 32 or not _HEX.issuperset(value):
                yield Problem("project_value_wrong", {"name": name})
        if self.auth not in ("auto", "rtm", "education"):
            yield Problem("auth_unknown", {"value": repr(self.auth)})
        elif self.auth != "education" and not self.uid:
            yield Problem("uid_missing")
        elif self.auth != "education" and problem_with_id(self.uid):
            yield Problem("uid_wrong", {"signs": ID_SIGNS})

    def _habit_problems(self) -> Iterator[Problem]:
        if self.record_update_method not in ("PATCH", "PUT"):
            yield Problem("update_method_unknown", {"value": repr(self.record_update_method)})
        if self.connect_timeout_s <= 0 or self.read_timeout_s <= 0:
            yield Problem("timeouts_wrong")
        if self.requests_per_second < 0:
            yield Problem("request_limit_wrong")
