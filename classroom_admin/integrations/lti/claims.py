"""Read the claims of a verified launch message (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from classroom_admin.common.addresses import is_web_address
from classroom_admin.integrations.lti.problem import LtiRefused

CLAIM: Final = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
NAMES: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GRADES: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
VERSION: Final = "1.3.0"
RESOURCE: Final = "LtiResourceLinkRequest"
DEEP_LINK: Final = "LtiDeepLinkingRequest"
MEMBERSHIP: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership"
_TEACHERS: Final = frozenset(
    {
        f"{MEMBERSHIP}#Instructor",
        "Instructor",
        f"{MEMBERSHIP}/Instructor#TeachingAssistant",
        "Instructor#TeachingAssistant",
        "TeachingAssistant",
        f"{MEMBERSHIP}#TeachingAssistant",
    }
)
_MOST_ID: Final = 255
_MOST_NAME: Final = 255
_MOST_ADDRESS: Final = 2000
_MOST_DATA: Final = 20_000
_KEY: Final = re.compile(r"[a-z2-9]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a launch says. Texts that the platform did not send are empty.

    `page_url` is on the platform's pages. `link_key` is the `ResourceLink.key` that our deep linking answer
    gave to the platform. `return_url` and `deep_link_data` belong to a deep linking request.
    """

    is_deep_link: bool
    deployment_id: str
    sub: str
    name: str
    email: str
    email_is_unverified: bool
    is_teacher: bool
    is_student: bool
    context_id: str
    context_title: str
    resource_link_id: str
    resource_title: str
    link_key: str
    members_url: str
    line_items_url: str
    line_item_url: str
    scopes: tuple[str, ...]
    return_url: str
    deep_link_data: str
    takes_line_item: bool
    page_url: str


def read(claims: Mapping[str, Any]) -> Message:
    """Return the message. Raise LtiRefused if a required claim is missing or not valid."""
    kind = claims.get(CLAIM + "message_type")
    if kind not in (RESOURCE, DEEP_LINK):
        raise LtiRefused("lti_claim", name="message_type")
    if claims.get(CLAIM + "version") != VERSION:
        raise LtiRefused("lti_claim", name="version")
    is_deep_link = kind == DEEP_LINK
    roles = roles_of(claims.get(CLAIM + "roles"))
    context, link = _object(claims, CLAIM + "context"), _object(claims, CLAIM + "resource_link")
    names, grades = _object(claims, NAMES), _object(claims, GRADES)
    settings = _object(claims, DEEP_LINKING + "deep_linking_settings")
    target = claims.get(CLAIM + "target_link_uri")
    if not is_deep_link and not (isinstance(target, str) and is_web_address(target)):
        raise LtiRefused("lti_claim", name="target_link_uri")
    if is_deep_link and "ltiResourceLink" not in (settings.get("accept_types") or ()):
        raise LtiRefused("lti_claim", name="accept_types")
    key = str(_object(claims, CLAIM + "custom").get("class_link", ""))
    return Message(
        is_deep_link=is_deep_link,
        deployment_id=_id(claims, CLAIM + "deployment_id", "deployment_id"),
        sub=_id(claims, "sub", "sub"),
        name=name_of(claims),
        email=_text(claims.get("email"), 254),
        email_is_unverified=claims.get("email_verified") is False,
        is_teacher=is_teacher(roles),
        is_student=is_student(roles),
        context_id=_id(context, "id", "context"),
        context_title=_text(context.get("title") or context.get("label"), _MOST_NAME),
        resource_link_id="" if is_deep_link else _id(link, "id", "resource_link"),
        resource_title=_text(link.get("title"), _MOST_NAME),
        link_key=key if _KEY.fullmatch(key) else "",
        members_url=_address(names.get("context_memberships_url")),
        line_items_url=_address(grades.get("lineitems")),
        line_item_url=_address(grades.get("lineitem")),
        scopes=tuple(one for one in _list(grades.get("scope")) if isinstance(one, str)),
        return_url=_return_url(settings) if is_deep_link else "",
        deep_link_data=_data(settings.get("data")),
        takes_line_item=settings.get("accept_lineitem") is not False,
        page_url=_address(_object(claims, CLAIM + "launch_presentation").get("return_url")),
    )


def roles_of(value: object) -> frozenset[str]:
    """Return the roles. Raise LtiRefused if this is no list of texts; it may be empty."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise LtiRefused("lti_claim", name="roles")
    return frozenset(value)


def is_teacher(roles: frozenset[str]) -> bool:
    """Return whether the roles contain that of an instructor or a teaching assistant of the course.

    An assistant should also have the role of an instructor, but some platforms send only the sub-role.
    """
    return bool(roles & _TEACHERS)


def is_student(roles: frozenset[str]) -> bool:
    """Return whether the roles contain that of a learner of the course, and not that of an instructor."""
    return bool(roles & {f"{MEMBERSHIP}#Learner", "Learner"}) and not is_teacher(roles)


def name_of(person: Mapping[str, Any]) -> str:
    """Return the name of a person in a launch or a list of members, or ""."""
    parts = (_text(person.get(part), _MOST_NAME) for part in ("given_name", "family_name"))
    return _text(person.get("name"), _MOST_NAME) or " ".join(part for part in parts if part)[:_MOST_NAME]


def _text(value: object, most: int) -> str:
    if not isinstance(value, str):
        return ""
    return " ".join("".join(one if one.isprintable() else " " for one in value).split())[:most]


def _id(claims: Mapping[str, Any], name: str, shown: str) -> str:
    value = claims.get(name)
    if isinstance(value, str) and 0 < len(value) <= _MOST_ID and value.isprintable():
        return value
    raise LtiRefused("lti_claim", name=shown)


def _object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = claims.get(name)
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _address(value: object) -> str:
    usable = isinstance(value, str) and len(value) <= _MOST_ADDRESS and is_web_address(value)
    return str(value) if usable else ""


def _return_url(settings: Mapping[str, Any]) -> str:
    if address := _address(settings.get("deep_link_return_url")):
        return address
    raise LtiRefused("lti_claim", name="deep_link_return_url")


def _data(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _MOST_DATA:
        raise LtiRefused("lti_claim", name="data")
    return value
