"""The HTTP endpoint of Agora Chat. Its responses have no envelope, and its token is a bearer token."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from classroom_admin.simulator import json_bytes
from classroom_admin.simulator.chat import calls
from classroom_admin.simulator.checks import Fields
from classroom_admin.simulator.cloud import Cloud, parse_body
from classroom_admin.simulator.errors import CloudError, unauthorized
from classroom_admin.simulator.http import Exchange, raw_path
from classroom_admin.simulator.world.agora_chat import APP, ORG

BEARER = "bearer "
FILES = b"/chat/files/"


class ChatEndpoint:
    """The ASGI application for all paths below ``/chat``."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _ChatExchange(self.cloud, Request(scope, receive), send)
        try:
            await exchange.run()
        except ClientDisconnect:
            return


class _ChatExchange(Exchange):
    """A request to the chat service and its response."""

    async def run(self) -> None:
        body = await self._read_body()
        self.cloud.tick()
        headers: list[tuple[bytes, bytes]] = []
        path = raw_path(self.request)
        try:
            if path.startswith(FILES):
                await self._choose_faults("chat_file", "GET /chat/files/*", headers)
                if self._over:
                    return
                hour = path.removeprefix(FILES).decode("latin-1").removesuffix(".gz")
                file = calls.file_of_hour(self.cloud.world, hour, self._query(), secret=self._secret)
                await self._answer(200, file, headers)
                return
            route, params = calls.find(self.request.method, path)
            await self._choose_faults(route.name, f"{route.method} {route.full_path}", headers)
            if self._over:
                return
            self._authenticate()
            request = calls.ChatRequest(
                world=self.cloud.world,
                params=params,
                fields=Fields(parse_body(body or b"")),
                base_url=str(self.request.base_url).rstrip("/"),
                secret=self._secret,
            )
            data = route.handler(request)
        except CloudError as error:
            await self._answer(error.status, self._refusal(error), headers)
            return
        await self._answer(200, self._response(data), headers)

    @property
    def _secret(self) -> str:
        return self.cloud.settings.app_certificate

    async def _choose_faults(self, name: str, address: str, headers: list[tuple[bytes, bytes]]) -> None:
        """Choose the faults of this request. Apply those that occur before the request is handled."""
        self.plan = self.cloud.faults.plan(name=name, address=address, now_ms=self.cloud.world.now)
        self._over = bool(self.plan.applied) and await self._apply_early_faults(headers)

    _over = False

    def _authenticate(self) -> None:
        """Raise CloudError 401 if the request has no valid app token of Agora Chat."""
        if self.plan.get("token_expired") is not None:
            raise unauthorized("Unable to authenticate due to expired access token.")
        given = self.request.headers.get("authorization", "")
        if not given.lower().startswith(BEARER):
            raise unauthorized("Unable to authenticate.")
        nows = (time.time(), self.cloud.world.now / 1000)
        self.cloud.verifier.check_chat(token=given[len(BEARER) :].strip(), nows=nows)

    def _around(self) -> dict[str, Any]:
        return {"timestamp": self._ts(), "duration": 0, "organization": ORG, "applicationName": APP}

    def _response(self, data: Any) -> bytes:
        return json_bytes.dump({"action": self.request.method.lower(), "data": data, **self._around()})

    def _refusal(self, error: CloudError) -> bytes:
        kind, _colon, text = error.message.partition(": ")
        words = {401: "unauthorized", 403: "forbidden_op", 429: "reach_limit", 500: "web_application"}
        known = "_" in kind and " " not in kind
        named = kind if known else words.get(error.status, "illegal_argument")
        return json_bytes.dump(
            {"error": named, "error_description": text if known else error.message, **self._around()}
        )
