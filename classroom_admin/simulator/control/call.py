"""The request object of control calls, and the table of all control calls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from classroom_admin.simulator.checks import Fields, as_integer
from classroom_admin.simulator.cloud import Cloud
from classroom_admin.simulator.errors import CloudError, bad_parameter
from classroom_admin.simulator.world import Room, User, World

Outage = Callable[[int], None]


@dataclass(slots=True, kw_only=True)
class Control:
    """A control request. ``outage(ms)`` refuses connections. It is None if the server can't do this."""

    cloud: Cloud
    params: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    outage: Outage | None

    @property
    def world(self) -> World:
        return self.cloud.world

    @property
    def fields(self) -> Fields:
        return Fields(self.body)

    def room(self) -> Room:
        return self.world.room(self.params["room"])

    def user(self, room: Room, field: str = "userUuid") -> User:
        return self.world.user(room, self.fields.id(field))

    def query_integer(self, name: str, default: int | None = None) -> int | None:
        value = self.query.get(name)
        if value is None:
            return default
        number = as_integer(value)
        if number is None or number < 0:
            raise bad_parameter(name, "must be a number that is not negative")
        return number


Handler = Callable[[Control], Any]
Wrapped = TypeVar("Wrapped", bound=Handler)


class ControlTable:
    """A table of the control calls below ``/_sim``."""

    def __init__(self) -> None:
        self._entries: list[tuple[str, tuple[str, ...], Handler]] = []

    def add(self, method: str, template: str) -> Callable[[Wrapped], Wrapped]:
        def register(handler: Wrapped) -> Wrapped:
            self._entries.append((method, tuple(template.strip("/").split("/")), handler))
            return handler

        return register

    def find(self, method: str, parts: list[str]) -> tuple[Handler, dict[str, str]]:
        """Return the handler and the path parameters of a call.

        Raise CloudError 404 if the path is unknown, and 405 if the method is wrong.
        """
        known = False
        for entry_method, template, handler in self._entries:
            params = _match(template, parts)
            if params is None:
                continue
            known = True
            if entry_method == method:
                return handler, params
        raise (
            CloudError(405, 405, "method not allowed")
            if known
            else CloudError(404, 404, "no such control call")
        )


def _match(template: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    if len(template) != len(parts):
        return None
    found = {}
    for wanted, given in zip(template, parts, strict=True):
        if wanted.startswith("{"):
            found[wanted[1:-1]] = given
        elif wanted != given:
            return None
    return found


table = ControlTable()
