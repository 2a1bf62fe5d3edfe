"""Reach the four chat services through apprise.

apprise knows more than a hundred services, and some of them run programs or read files of this machine. So
this module never gives apprise an address to interpret: it builds one of four plugins from checked parts.
Their requests go through `common.outbound`, which refuses addresses in private networks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common import encryption, outbound
from classroom_admin.common.problems import Problem
from classroom_admin.integrations.chat_targets.models import ChatTarget, Service

OK: Final = range(200, 300)
_SLACK: Final = re.compile(r"/services/([A-Z0-9]+)/([A-Z0-9]+)/([A-Za-z0-9]+)/?")
_NTFY: Final = re.compile(r"/([A-Za-z0-9_-]{1,64})/?")
_MATRIX: Final = re.compile(r"/(![^/?#\s]+)/?")
_MARKUP: Final = re.compile(r"([\\`*_\[\]()<>#~|])")
"""The characters with which Teams formats a text or makes a link."""
_TEAMS_QUERY: Final = ("api-version", "sp", "sv", "sig")
"""The parameters of a workflow's address. apprise also knows some that read a file, which are refused."""


@dataclass(slots=True)
class _Attempt:
    """What happened while a plugin sent a message. apprise itself only says whether it worked."""

    problem: Problem | None = None


_attempt: Final[ContextVar[_Attempt | None]] = ContextVar("chat_attempt", default=None)


def check(service: str, address: str, token: str) -> str:
    """Return the host of an address. Raise ActionRefused, with the field, if it does not fit the service."""
    try:
        outbound.check(address)
    except outbound.OutboundRefused as refusal:
        raise ActionRefused(refusal.problem, "address") from refusal
    if service == Service.MATRIX and not token:
        raise ActionRefused(gettext("Matrix needs an access token."), "token")
    if _plugin(service, address, token) is None:
        raise ActionRefused(_WRONG[Service(service)](), "address")
    return str(urlsplit(address).hostname)


@sensitive_variables()
def send(target: ChatTarget, *, title: str, text: str) -> Problem | None:
    """Send a message now. Return why it was not sent, or None if the service took it."""
    try:
        stored = json.loads(encryption.decrypt(target.secret))
    except encryption.Undecipherable:
        return Problem("chat_secret_unreadable")
    plugin = _plugin(target.service, stored["address"], stored["token"])
    if plugin is None:
        return Problem("chat_address_wrong")
    if target.service == Service.TEAMS:
        title = _MARKUP.sub(r"\\\1", title)  # apprise does this for the text only
    with _noted() as attempt:
        is_sent = plugin.notify(body=text, title=title, body_format=_text_format())
    if is_sent:
        return None
    return attempt.problem or Problem("chat_not_sent")


@sensitive_variables()
def _plugin(service: str, address: str, token: str) -> Any:
    """Return apprise's plugin for an address, or None if the address does not fit the service."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        return None
    return _BUILDERS[Service(service)](parts, token)


def _slack(parts: SplitResult, _token: str) -> Any:
    found = _SLACK.fullmatch(parts.path)
    if found is None or parts.hostname != "hooks.slack.com" or parts.query:
        return None
    first, second, third = found.groups()
    return _plugins()[Service.SLACK](
        token_a=first, token_b=second, token_c=third, include_image=False, include_footer=False
    )


def _teams(parts: SplitResult, _token: str) -> Any:
    query = parse_qsl(parts.query)
    if any(name not in _TEAMS_QUERY for name, _value in query):
        return None
    plugin = _plugins()[Service.TEAMS]
    known = plugin.parse_native_url(urlunsplit(parts._replace(query=urlencode(query))))
    return plugin(**known | {"include_image": False}) if known else None


def _ntfy(parts: SplitResult, token: str) -> Any:
    found = _NTFY.fullmatch(parts.path)
    if found is None or parts.query:
        return None
    plugin = _plugins()[Service.NTFY]
    access = {"auth": "token", "token": token} if token else {}
    return plugin(targets=[found[1]], mode="private", include_image=False, **_server(parts), **access)


def _matrix(parts: SplitResult, token: str) -> Any:
    found = _MATRIX.fullmatch(parts.path)
    if found is None or parts.query or not token:
        return None
    # Without discovery, only the given server is asked. Without end-to-end encryption, nothing is stored.
    only = {"discovery": False, "e2ee": False, "hsreq": False, "include_image": False}
    return _plugins()[Service.MATRIX](targets=[found[1]], password=token, **only, **_server(parts))


def _server(parts: SplitResult) -> dict[str, Any]:
    return {"host": parts.hostname, "port": parts.port, "secure": parts.scheme == "https"}


_BUILDERS: Final[dict[Service, Callable[[SplitResult, str], Any]]] = {
    Service.SLACK: _slack,
    Service.TEAMS: _teams,
    Service.MATRIX: _matrix,
    Service.NTFY: _ntfy,
}
_WRONG: Final[dict[Service, Callable[[], str]]] = {
    Service.SLACK: lambda: gettext(
        "Enter the address of an incoming webhook, which begins with https://hooks.slack.com/services/."
    ),
    Service.TEAMS: lambda: gettext(
        "Enter the address that Teams shows for a workflow with the trigger “When a Teams webhook request "
        "is received”."
    ),
    Service.MATRIX: lambda: gettext(
        "Enter the address of the server and the id of the room, as in "
        "https://matrix.school.example/!room:school.example."
    ),
    Service.NTFY: lambda: gettext(
        "Enter the address of the server and the topic, as in https://ntfy.sh/topic."
    ),
}


@cache
def _plugins() -> dict[Service, Any]:
    """Return the four plugins. They need 16 MB, and most processes never use them, so import them late."""
    from apprise.plugins import ntfy, slack, workflows
    from apprise.plugins.matrix import base as matrix

    for module in (ntfy, slack, workflows, matrix):
        vars(module)["requests"] = _Requests()
    return {
        Service.SLACK: slack.NotifySlack,
        Service.TEAMS: workflows.NotifyWorkflows,
        Service.MATRIX: matrix.NotifyMatrix,
        Service.NTFY: ntfy.NotifyNtfy,
    }


def _text_format() -> Any:
    from apprise.common import NotifyFormat

    return NotifyFormat.TEXT


class _Requests(ModuleType):
    """Takes the place of the module `requests` in the four plugins, and sends through `common.outbound`."""

    def __init__(self) -> None:
        super().__init__("requests")

    def __getattr__(self, name: str) -> Any:
        import requests

        return getattr(requests, name)

    def get(self, url: str, **more: Any) -> Any:
        return self.request("get", url, **more)

    def post(self, url: str, **more: Any) -> Any:
        return self.request("post", url, **more)

    def put(self, url: str, **more: Any) -> Any:
        return self.request("put", url, **more)

    def request(self, method: str, url: str, **more: Any) -> Any:
        """Send a request. Options that `common.outbound` decides, such as the timeout, have no effect."""
        import requests

        kept = {name: more[name] for name in ("params", "data", "json", "headers", "auth") if name in more}
        asked = requests.Request(method.upper(), url, **kept).prepare()
        body = asked.body.encode() if isinstance(asked.body, str) else asked.body or b""
        attempt = _attempt.get() or _Attempt()
        try:
            answer = outbound.send(str(asked.method), str(asked.url), headers=dict(asked.headers), body=body)
        except (outbound.OutboundRefused, outbound.OutboundFailed) as error:
            attempt.problem = error.problem
            raise requests.ConnectionError(error.problem.code) from error
        status = {"status": answer.status}
        attempt.problem = None if answer.status in OK else Problem("chat_status", status)
        response = requests.Response()
        response.status_code, response.url, response._content = answer.status, str(asked.url), answer.body
        response.headers.update(answer.headers)
        return response


@contextmanager
def _noted() -> Iterator[_Attempt]:
    attempt = _Attempt()
    before = _attempt.set(attempt)
    try:
        yield attempt
    finally:
        _attempt.reset(before)
