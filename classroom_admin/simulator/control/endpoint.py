"""The HTTP endpoint of the control calls and pages. Faults do not affect it."""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from classroom_admin.simulator import json_bytes
from classroom_admin.simulator.cloud import Cloud
from classroom_admin.simulator.control import activity_calls, cloud_calls, room_calls
from classroom_admin.simulator.control.call import Control, Outage, table
from classroom_admin.simulator.errors import CloudError, bad_parameter

__all__ = ["ControlEndpoint", "activity_calls", "cloud_calls", "room_calls"]
_HERE = Path(__file__).parent
_HEADERS = {"X-Simulator": "classroom-admin", "Cache-Control": "no-store"}


class ControlEndpoint:
    """The ASGI application for all paths below ``/_sim``."""

    def __init__(self, cloud: Cloud, *, outage: Outage | None) -> None:
        self.cloud, self.outage = cloud, outage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.cloud.tick()
        try:
            response = self._respond(request, body)
        except CloudError as error:
            response = _json({"error": error.message, "code": error.code}, error.status)
        await response(scope, receive, send)

    def _respond(self, request: Request, body: bytes) -> Response:
        _refuse_other_sites(request)
        raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
        parts = [unquote(part.decode("latin-1")) for part in raw_path.split(b"/")[2:]]
        if parts in ([], [""]):
            return _page("page.html")
        if parts == ["join"] and request.method == "GET":
            return _page("join.html")
        handler, params = table.find(request.method, parts)
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        control = Control(cloud=self.cloud, params=params, query=query, body=_parse(body), outage=self.outage)
        return _json(handler(control))


def _page(name: str) -> Response:
    return HTMLResponse((_HERE / name).read_text(encoding="utf-8"), headers=_HEADERS)


def _refuse_other_sites(request: Request) -> None:
    """Raise CloudError 403 if the request comes from a page of another site."""
    origin = request.headers.get("origin")
    if request.method != "GET" and origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise CloudError(403, 403, "only a page of this simulator may do that")


def _parse(body: bytes) -> dict[str, object]:
    if not body.strip():
        return {}
    try:
        value = json_bytes.load(body)
    except ValueError as error:
        raise bad_parameter("body", f"is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise bad_parameter("body", "must be a JSON object")
    return value


def _json(value: object, status: int = 200) -> Response:
    return Response(json_bytes.dump(value), status, headers=_HEADERS, media_type="application/json")
