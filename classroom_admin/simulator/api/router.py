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
    """One call. Its path is ``/{region}/edu/apps/{app}`` plus ``template``; polling has another prefix."""

    name: str
    method: str
    template: str
    handler: Handler
    region: Region
    polling: bool
    scene: bool
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
        """Return the path as the contract writes it, with placeholders in braces."""
        region = "/{region}" if self.region == "required" else ""
        return f"{region}/edu/{'polling/' if self.polling else ''}apps/{{app}}{self.template}"


@dataclass(frozen=True, slots=True)
class Match:
    route: Route
    app_id: str
    params: dict[str, str]


class Router:
    """The calls of the API, indexed by method and number of path parts."""

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
    ) -> Callable[[Wrapped], Wrapped]:
        parts = tuple(template.strip("/").split("/"))

        def register(handler: Wrapped) -> Wrapped:
            route = Route(name, method, template, handler, region, polling, scene, parts)
            bucket = self._routes.setdefault((method, len(parts)), [])
            bucket.append(route)
            bucket.sort(key=lambda known: [part[0] == "{" for part in known.parts])
            return handler

        return register

    def __iter__(self) -> Iterator[Route]:
        for bucket in self._routes.values():
            yield from bucket

    def methods_of(self, raw_path: bytes) -> list[str]:
        """Return the methods that a path accepts, for CORS preflights."""
        return sorted({method for method, _ in self._routes if self._find(method, raw_path) is not None})

    def find(self, method: str, raw_path: bytes) -> Match:
        """Return the call for a path. Raise CloudError 404 for an unknown path, 400 for an unknown region."""
        found = self._find(method, raw_path)
        if found is None:
            raise no_such_path()
        region, match = found
        if region is not None and region not in REGIONS:
            raise bad_parameter("region", "must be one of cn, ap, eu, na")
        return match

    def _find(self, method: str, raw_path: bytes) -> tuple[str | None, Match] | None:
        parts = [unquote(part.decode("latin-1")) for part in raw_path.split(b"/")[1:]]
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
        app_id, rest = parts[1], parts[2:]
        for route in self._routes.get((method, len(rest)), ()):
            if route.polling != polling or (scene and not route.scene):
                continue
            if region is None and route.region == "required":
                continue
            params = route.match(rest)
            if params is not None:
                return region, Match(route, app_id, params)
        return None


router = Router()
