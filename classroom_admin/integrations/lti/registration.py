"""Register the dashboard at a platform (Dynamic Registration 1.0), once with an administrator's link."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts.sign_on_http import bounded, get_json, require_allowed
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.addresses import is_web_address
from classroom_admin.integrations.lti import addresses, services
from classroom_admin.integrations.lti.claims import DEEP_LINK, RESOURCE
from classroom_admin.integrations.lti.ids import digest_of
from classroom_admin.integrations.lti.models import Platform, RegistrationLink
from classroom_admin.integrations.lti.problem import LtiRefused

CLIENT_NAME: Final = "Classroom Admin"
TOOL: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
_MOST: Final = 250


def find(code: str) -> RegistrationLink | None:
    """Return the registration link of a code that is valid and was not used, or None."""
    rows = RegistrationLink.objects.select_related("made_by")
    found = rows.filter(digest=digest_of(code), used_at=None, valid_until__gt=clock.now()).first()
    return found if found and found.made_by.is_active and found.made_by.is_administrator else None


@sensitive_variables("token")
def register(link: RegistrationLink, *, config_url: str, token: str) -> Platform:
    """Read the platform's configuration, register there, and store the platform.

    Raise LtiRefused or ProviderFailed if this fails; the link can then be used again.
    """
    config = _config(config_url)
    answer = _registered(config, token)
    client_id = _required(answer, "client_id")
    tool = answer.get(TOOL)
    deployment = tool.get("deployment_id") if isinstance(tool, dict) else None
    with transaction.atomic():
        rows = RegistrationLink.objects.filter(pk=link.pk, used_at=None)
        if rows.update(used_at=clock.now()) != 1:
            raise LtiRefused("lti_state")
        if Platform.objects.filter(issuer=config["issuer"], client_id=client_id).exists():
            raise LtiRefused("lti_service_answer", address=config_url[:200], what="client_id")
        platform = Platform.objects.create(
            label=_label(config),
            issuer=config["issuer"],
            client_id=client_id,
            deployment_ids=deployment if isinstance(deployment, str) and len(deployment) <= _MOST else "",
            login_url=config["authorization_endpoint"],
            token_url=config["token_endpoint"],
            jwks_url=config["jwks_uri"],
            token_audience=_audience(config),
            link_by_email=link.link_by_email,
            create_accounts=link.create_accounts,
        )
        record.done(
            actor=link.made_by, action="lti.register", target=platform.issuer, target_name=platform.label
        )
    return platform


def request_body() -> dict[str, Any]:
    """Return what we ask a platform to register."""
    launch = addresses.launch()
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": addresses.login(),
        "redirect_uris": [launch],
        "client_name": CLIENT_NAME,
        "jwks_uri": addresses.keys(),
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(services.ALL_SCOPES),
        TOOL: {
            "domain": urlsplit(launch).netloc,
            "target_link_uri": launch,
            "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
            "messages": [
                {"type": RESOURCE, "target_link_uri": launch},
                {"type": DEEP_LINK, "target_link_uri": launch, "label": CLIENT_NAME},
            ],
        },
    }


def _config(address: str) -> dict[str, Any]:
    if not is_web_address(address):
        raise LtiRefused("lti_service_answer", address=address[:200], what="openid_configuration")
    config = get_json(address, address)
    issuer = _required(config, "issuer")
    if not _is_of(urlsplit(issuer).hostname or "", urlsplit(address).hostname or ""):
        raise LtiRefused("lti_service_answer", address=address[:200], what="issuer")
    for name in _ENDPOINTS:
        require_allowed(issuer, _required(config, name))
    return config


def _is_of(host: str, other: str) -> bool:
    """Return whether two hosts belong to the same platform.

    They are equal, one is below the other, or both are below the same name, as `school.instructure.com` and
    `canvas.instructure.com` are. In the domain of a country, all schools may share such a name (`edu.au`).
    """
    if host == other or other.endswith(f".{host}") or host.endswith(f".{other}"):
        return bool(host)
    *_names, shared, top = ["", "", *host.split(".")]
    return len(top) > 2 and host.count(".") > 1 and other.endswith(f".{shared}.{top}")


@sensitive_variables("token")
def _registered(config: Mapping[str, Any], token: str) -> dict[str, Any]:
    address = config["registration_endpoint"]
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps(request_body()).encode()
    status, _headers, content = bounded("POST", config["issuer"], address, body=body, headers=headers)
    if status not in (200, 201):
        raise LtiRefused("lti_service_status", address=address[:200], status=status)
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise LtiRefused("lti_service_answer", address=address[:200], what="JSON") from error
    return answer if isinstance(answer, dict) else {}


def _required(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    usable = isinstance(value, str) and 0 < len(value) <= _MOST
    if not usable or (name != "client_id" and not is_web_address(str(value))):
        raise LtiRefused("lti_service_answer", address="openid_configuration", what=name)
    return str(value)


def _label(config: Mapping[str, Any]) -> str:
    product = config.get(PLATFORM)
    family = product.get("product_family_code") if isinstance(product, dict) else ""
    host = urlsplit(config["issuer"]).hostname or ""
    return f"{family} ({host})"[:60] if isinstance(family, str) and family else host[:60]


def _audience(config: Mapping[str, Any]) -> str:
    """Return the audience that Canvas names for requests for tokens, or ""."""
    value = config.get("authorization_server")
    return value if isinstance(value, str) and len(value) <= _MOST else ""
