"""Which settings of a recording the cloud would refuse, one by one, while somebody types. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from classroom_admin.actions import cloud
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import InvalidArgument

_TOGETHER: Final = ("videoWidth", "videoHeight")
_ANY_ROOM: Final = "rehearsal"
_ANY_PAGE: Final = "https://example.test/"


def wrong_settings(*, web_config: Mapping[str, Any], retry_timeout_s: int | None = None) -> dict[str, str]:
    """The settings that are wrong, by their upstream name, each with the client's sentence.

    Each is checked by itself, so that all faults are found at once; width and height, which depend on each
    other, together. That an address is missing is no fault here.
    """
    groups = [{name: value} for name, value in web_config.items() if name not in _TOGETHER]
    groups.append({name: web_config[name] for name in _TOGETHER if name in web_config})
    client = cloud.rehearsing_client()
    wrong: dict[str, str] = {}
    for group in groups:
        if group:
            wrong |= _refused(_start(client, web_config={"rootUrl": _ANY_PAGE, **group}, mode="web"))
    if retry_timeout_s is not None:
        wrong |= _refused(_start(client, retry_timeout_s=retry_timeout_s))
    return wrong


def _start(client: Client, **settings: Any) -> Callable[[], object]:
    return lambda: client.start_recording(room_uuid=_ANY_ROOM, **settings)


def _refused(call: Callable[[], object]) -> dict[str, str]:
    """What the client says against a call that it would have to send."""
    try:
        call()
    except cloud.WouldBeSent:
        return {}
    except InvalidArgument as error:
        return {error.field: error.sentence[:1].upper() + error.sentence[1:]}
    raise AssertionError("a rehearsed call was answered")
