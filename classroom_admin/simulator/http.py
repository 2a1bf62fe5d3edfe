"""The cloud's HTTP endpoint. It handles requests, sends the responses, and applies faults."""

import asyncio
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from classroom_admin.simulator import connection
from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.cloud import Cloud, Headers, dev_error, envelope, error_envelope
from classroom_admin.simulator.errors import CloudError, bad_parameter
from classroom_admin.simulator.faults.board import NOTHING, Plan

SIMULATOR_HEADER = (b"x-simulator", b"classroom-admin")
_CORS = (b"access-control-allow-origin", b"*")
_EXPOSE = (b"access-control-expose-headers", b"x-request-id, retry-after, x-simulator")
_JSON = (b"content-type", b"application/json; charset=utf-8")
_METHODS = ["DELETE", "GET", "PATCH", "POST", "PUT"]
_BIGGEST_BODY = 4 * 1024 * 1024
_MALFORMED = '{"code": 0, "msg": "Success", "data": [{"roomUuid": '


class CloudEndpoint:
    """The ASGI application for all calls of the real cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "OPTIONS":
            await self._preflight(request, send)
            return
        exchange = Exchange(self.cloud, request, send)
        try:
            await exchange.run()
        except ClientDisconnect:
            return

    async def _preflight(self, request: Request, send: Send) -> None:
        # A browser sends a request only after a successful preflight. So unknown paths allow all methods.
        methods = self.cloud.router.methods_of(raw_path(request)) or _METHODS
        asked = request.headers.get("access-control-request-headers", "")
        headers = [
            (b"access-control-allow-methods", ", ".join(methods).encode()),
            (b"access-control-allow-headers", asked.encode("latin-1") or b"content-type"),
            (b"access-control-max-age", b"600"),
        ]
        await _send(send, 204, b"", headers)


class Exchange:
    """A request and its response."""

    def __init__(self, cloud: Cloud, request: Request, send: Send) -> None:
        self.cloud, self.request, self.send = cloud, request, send
        self.request_id = cloud.next_request_id()
        self.plan: Plan = NOTHING
        self.call: Call | None = None

    async def run(self) -> None:
        body = await self._read_body()
        self.cloud.tick()
        headers: list[tuple[bytes, bytes]] = []
        bare = False
        try:
            if body is None:
                raise bad_parameter("body", f"must be at most {_BIGGEST_BODY} bytes")
            match = self.cloud.router.find(self.request.method, raw_path(self.request))
            bare = match.route.dev
            self.plan = self.cloud.plan(match)
            if self.plan.applied:
                if await self._apply_early_faults(headers):
                    return
                self.cloud.tick()
            data, self.call = self.cloud.answer(
                match,
                headers=self._headers(),
                query=self._query(),
                body=body,
                plan=self.plan,
                request_id=self.request_id,
            )
        except CloudError as error:
            refusal = dev_error(error) if bare else error_envelope(error, ts=self._ts())
            await self._answer(error.status, refusal, headers)
            return
        await self._answer(200, data if bare else envelope(data=data, ts=self._ts()), headers)

    async def _read_body(self) -> bytes | None:
        chunks, size = [], 0
        async for chunk in self.request.stream():
            size += len(chunk)
            if size <= _BIGGEST_BODY:
                chunks.append(chunk)
        return b"".join(chunks) if size <= _BIGGEST_BODY else None

    def _headers(self) -> Headers:
        get = self.request.headers.get
        return Headers(get("x-agora-token", ""), get("x-agora-uid", ""), get("authorization", ""))

    def _query(self) -> dict[str, str]:
        return dict(parse_qsl(self.request.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    def _ts(self) -> int:
        return self.cloud.world.now + self.plan.skew_ms

    async def _apply_early_faults(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Apply the faults that occur before the request is handled.

        Return True if there is nothing left to do.
        """
        plan = self.plan
        if delay := plan.get("delay"):
            await asyncio.sleep(delay.number("ms", 1000) / 1000)
        if plan.get("refuse"):
            await self._hang_up()
            return True
        for kind, status, code, message in _REFUSALS:
            if fault := plan.get(kind):
                after = fault.params.get("retryAfter")
                if after is not None:
                    headers.append((b"retry-after", str(after).encode()))
                raise CloudError(status, code, message)
        if fault := plan.get("not_offered"):
            status = int(fault.number("status", 404))
            raise CloudError(status, status, _NOT_OFFERED.get(status, "not offered"))
        if fault := plan.get("refused"):
            status = int(fault.number("status", 403))
            raise CloudError(status, int(fault.number("code", status)), "the cloud refuses this call")
        return False

    async def _answer(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        plan = self.plan
        headers.append((b"x-request-id", self.request_id.encode()))
        if not plan.applied:
            await _send(self.send, status, body, headers)
            return
        if late := plan.get("late_answer"):
            await asyncio.sleep(late.number("ms", 1000) / 1000)
            if await self.request.is_disconnected():
                self._mark_lost()
                return
        if plan.get("lose_answer"):
            self._mark_lost()
            await self._hang_up()
            return
        await self._send_with_faults(status, body, headers)

    async def _send_with_faults(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        plan = self.plan
        announced = len(body)
        if malform := plan.get("malform"):
            body = str(malform.params.get("body", _MALFORMED)).encode()
            announced = len(body)
            self._mark_lost()
        if truncate := plan.get("truncate"):
            body = body[: int(len(body) * truncate.number("share", 0.5))]
            announced = len(body)
            self._mark_lost()
        cut = plan.get("cut")
        if cut is not None:
            body = body[: int(len(body) * cut.number("share", 0.5))]
            self._mark_lost()
        slow = plan.get("slow_body")
        pieces = _pieces(body, 10) if slow is not None else [body]
        pause = slow.number("ms", 1000) / 1000 / len(pieces) if slow is not None else 0
        await _begin(self.send, status, announced, headers)
        for piece in pieces:
            await asyncio.sleep(pause)
            await self.send({"type": "http.response.body", "body": piece, "more_body": True})
        if cut is not None:
            await self._hang_up()
            return
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _hang_up(self) -> None:
        """Close the connection and wait until it is closed. Otherwise the server would respond with 500."""
        if connection.abort(self.request.scope):
            while not await self.request.is_disconnected():
                await asyncio.sleep(0)

    def _mark_lost(self) -> None:
        """Record that the events in this response did not arrive. They are not delivered again."""
        for event in self.call.taken if self.call is not None else ():
            if event.handouts:
                event.handouts[-1].outcome = "lost"


_REFUSALS = (
    ("budget", 429, 429, "too many requests"),
    ("too_many", 429, 429, "too many requests"),
    ("server_error", 500, 500, "internal error"),
    ("unavailable", 503, 503, "the upstream server did not answer in time"),
)


_NOT_OFFERED = {
    404: "no such path",
    401: "this project may not call this",
    403: "this service is not enabled",
}


def raw_path(request: Request) -> bytes:
    raw: bytes | None = request.scope.get("raw_path")
    return str(request.scope["path"]).encode() if raw is None else raw


def _pieces(body: bytes, count: int) -> list[bytes]:
    size = max(1, -(-len(body) // count))
    return [body[start : start + size] for start in range(0, len(body), size)] or [b""]


async def _begin(send: Send, status: int, length: int, headers: list[tuple[bytes, bytes]]) -> None:
    all_headers = [_JSON, SIMULATOR_HEADER, _CORS, _EXPOSE, (b"content-length", b"%d" % length), *headers]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    if status == 204:
        all_headers = [SIMULATOR_HEADER, _CORS, *headers]
        await send({"type": "http.response.start", "status": status, "headers": all_headers})
    else:
        await _begin(send, status, len(body), headers)
    await send({"type": "http.response.body", "body": body, "more_body": False})
