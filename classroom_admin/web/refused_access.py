"""Record when a signed-in person tries to open what they may not see."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from classroom_admin.audit import record
from classroom_admin.audit.bounds import within
from classroom_admin.audit.models import Step
from classroom_admin.rooms.access import NotYours
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import RoleRefused

ACTION: Final = "access.refused"


class RecordRefusedAccess:
    """The middleware that records refused access: at most one entry for each person, page and minute.

    It records nothing if the requested class, list or file does not exist.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        record_refusal(request, exception)


def record_refusal(request: HttpRequest, exception: Exception) -> None:
    """Record that access was refused with this exception. Do nothing if it is another kind of error."""
    if not isinstance(exception, NotYours | RoleRefused | PermissionDenied):
        return
    match = request.resolver_match
    if match is None or not request.user.is_authenticated:
        return
    key = str(match.kwargs.get("key", ""))
    if key and not _exists(key):
        return
    if not within(ACTION, request.user.pk, match.view_name, most=1):
        return
    room = Room.objects.filter(key=key).first() if key else None
    record.done(
        actor=request.user,
        action=ACTION,
        room_uuid=room.room_uuid if room else "",
        target_name=room.name if room else "",
        params={"page": match.view_name, "method": request.method},
        outcome=Step.Kind.FAILED,
    )


def _exists(key: str) -> bool:
    return any(model._base_manager.filter(key=key).exists() for model in _models_with_keys())


@cache
def _models_with_keys() -> tuple[type[Model], ...]:
    """Return the models whose keys occur in addresses."""
    return tuple(model for model in apps.get_models() if _has_key(model))


def _has_key(model: Any) -> bool:
    try:
        field = model._meta.get_field("key")
    except FieldDoesNotExist:
        return False
    return bool(field.unique)
