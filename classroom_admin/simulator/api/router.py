"""Find the call for a request. Paths are split before they are decoded, so ids may contain slashes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import unquote

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.errors import bad_parameter, no_such_path

REGIONS = ("cn", "ap", "eu", "na")
Handler = Callable[[Call], Any]
Wrapped = TypeVar("Wrapped", bound=Handler)
Region = Literal["required", "optional"]


@dataclass(frozen=True, slots=True)
class Route:
    """A call of the API. Its path is ``/{region}/edu/apps/{app}`` and ``template``.

    Polling calls have another prefix. If ``dev`` is True, the path is ``/dev`` and ``template``.
    """

    name: str
    method: str
    template: str
    handler: Handler
    region: Region
    polling: bool
    scene: bool
    dev: bool
    parts: tuple[str, ...]

    def match(self, parts: list[str]) -> dict[str, str] | None:
        found = {}
        for wanted, given in zip(self.parts, parts, strict=True):
            if wanted[0] == "{":
                found[wanted[1:-1]] = given
            elif wanted != given:
                return None
        return found

    @property
    def full_path(self) -> str:
        """Return the path with its placeholders in braces."""
        if self.dev:
            return f"/dev{self.template}"
        region = "/{region}" if self.region == "required" else ""
        return f"{region}/edu/{'polling/' if self.polling else ''}apps/{{app}}{self.template}"


@dataclass(frozen=True, slots=True)
class Match:
    """The route that matches a request, and its parameters. ``app_id`` is "" for audio and video calls."""

    route: Route
    params: dict[str, str]
    app_id: str
    region: str | None = None


class Router:
    """All calls of the API."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, int], list[Route]] = {}

    def add(
        self,
        method: str,
        template: str,
        name: str,
        *,
        region: Region = "required",
        polling: bool = False,
        scene: bool = False,
        dev: bool = False,
    ) -> Callable[[Wrapped], Wrapped]:
        parts = tuple(template.strip("/").split("/"))

        def register(handler: Wrapped) -> Wrapped:
            route = Route(name, method, template, handler, region, polling, scene, dev, parts)
            bucket = self._routes.setdefault((method, len(parts)), [])
            bucket.append(route)
            bucket.sort(key=lambda known: [part[0] == "{" for part in known.parts])
            return handler

        return register

    def __iter__(self) -> Iterator[Route]:
        for bucket in self._routes.values():
            yield from bucket

    def methods_of(self, raw_path: bytes) -> list[str]:
        """Return the methods that a path accepts. CORS preflights need them."""
        return sorted({method for method, _ in self._routes if self._find(method, raw_path) is not None})

    def find(self, method: str, raw_path: bytes) -> Match:
        """Return the call for a path.

        Raise CloudError 404 if the path is unknown, and 400 if the region is unknown.
        """
        found = self._find(method, raw_path)
        if found is None:
            raise no_such_path()
        region, match = found
        if region is not None and region not in REGIONS:
            raise bad_parameter("region", "must be one of cn, ap, eu, na")
        return match

    def _find(self, method: str, raw_path: bytes) -> tuple[str | None, Match] | None:
        parts = [unquote(part.decode("latin-1")) for part in raw_path.split(b"/")[1:]]
        if parts and parts[0] == "dev":
            match = self._match(method, parts[1:], lambda route: route.dev)
            return None if match is None else (None, Match(*match, app_id=""))
        region = None
        if parts and parts[0] not in ("edu", "scene"):
            region = parts.pop(0)
        if len(parts) < 4 or parts[0] not in ("edu", "scene"):
            return None
        scene = parts.pop(0) == "scene"
        polling = parts[0] == "polling"
        if polling:
            parts.pop(0)
        if len(parts) < 3 or parts[0] != "apps":
            return None

        def wanted(route: Route) -> bool:
            if route.dev or route.polling != polling or (scene and not route.scene):
                return False
            return region is not None or route.region == "optional"

        match = self._match(method, parts[2:], wanted)
        return None if match is None else (region, Match(*match, app_id=parts[1], region=region))

    def _match(
        self, method: str, parts: list[str], wanted: Callable[[Route], bool]
    ) -> tuple[Route, dict[str, str]] | None:
        for route in self._routes.get((method, len(parts)), ()):
            params = route.match(parts) if wanted(route) else None
            if params is not None:
                return route, params
        return None


router = Router()
