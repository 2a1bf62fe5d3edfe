"""Call the services of a platform with an access token (1EdTech Security Framework 1.0, section 4)."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Collection, Mapping
from typing import Any, Final

from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts.sign_on_http import bounded, post_form
from classroom_admin.integrations.lti import keys
from classroom_admin.integrations.lti.models import Platform
from classroom_admin.integrations.lti.problem import LtiRefused

MEMBERS: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
LINE_ITEMS: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
LINE_ITEMS_READ: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
SCORES: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
ALL_SCOPES: Final = (MEMBERS, LINE_ITEMS, LINE_ITEMS_READ, SCORES)
_JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_VALID_S: Final = 120


@sensitive_variables()
def access_token(platform: Platform, scopes: Collection[str]) -> str:
    """Return an access token for these scopes. It is never stored.

    Raise LtiRefused if the platform gives none, and ProviderFailed if it can't be reached.
    """
    now = int(time.time())
    assertion = keys.signed(
        {
            "iss": platform.client_id,
            "sub": platform.client_id,
            "aud": platform.token_audience or platform.token_url,
            "iat": now,
            "exp": now + _ASSERTION_VALID_S,
            "jti": secrets.token_urlsafe(24),
        }
    )
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": _JWT_BEARER,
        "client_assertion": assertion,
        "scope": " ".join(scopes),
    }
    status, answer = post_form(platform.issuer, platform.token_url, form)
    token = answer.get("access_token")
    if status not in (200, 201) or not isinstance(token, str) or not token:
        raise LtiRefused("lti_token_refused", error=str(answer.get("error") or status)[:100])
    return token


@sensitive_variables("token", "headers")
def call(
    platform: Platform,
    method: str,
    address: str,
    *,
    token: str,
    accept: str = "",
    content_type: str = "",
    body: Mapping[str, Any] | None = None,
) -> tuple[Any, Mapping[str, str]]:
    """Call a service. Return the JSON of its answer, or None if it has none, and its headers, in lower case.

    Raise ServiceRefused for a status that is no success, LtiRefused for an answer that is no JSON, and
    ProviderFailed if the service can't be reached.
    """
    headers = {"Authorization": f"Bearer {token}"}
    headers |= {"Accept": accept} if accept else {}
    headers |= {"Content-Type": content_type} if content_type else {}
    sent = b"" if body is None else json.dumps(body).encode()
    status, answered, content = bounded(method, platform.issuer, address, headers=headers, body=sent)
    if not 200 <= status < 300:
        raise ServiceRefused(address=_shown(address), status=status)
    if not accept:
        return None, answered
    try:
        return json.loads(content), answered
    except (ValueError, RecursionError) as error:
        raise LtiRefused("lti_service_answer", address=_shown(address), what="JSON") from error


class ServiceRefused(LtiRefused):
    """The error for a status that is no success. `is_final`: another attempt gives the same answer."""

    def __init__(self, *, address: str, status: int) -> None:
        self.status = status
        super().__init__("lti_service_status", address=address, status=status)

    @property
    def is_final(self) -> bool:
        return 400 <= self.status < 500 and self.status not in (401, 408, 409, 425, 429)


def _shown(address: str) -> str:
    return address.partition("?")[0][:200]
