"""A simulated cloud with a world, a clock, faults and a school. It handles requests."""

import base64
import dataclasses
import hmac
import time
from typing import Any

from classroom_admin.simulator import json_bytes
from classroom_admin.simulator.api import calls
from classroom_admin.simulator.api.call import Call, RawJson
from classroom_admin.simulator.api.router import Match
from classroom_admin.simulator.checks import identifier
from classroom_admin.simulator.clock import SimClock
from classroom_admin.simulator.errors import CloudError, bad_parameter, no_such_room, unauthorized
from classroom_admin.simulator.faults.board import FaultBoard, Plan
from classroom_admin.simulator.school import open_school
from classroom_admin.simulator.settings import SimulatorSettings
from classroom_admin.simulator.tokens import TokenVerifier
from classroom_admin.simulator.world import World

_ID_PARAMS = {
    "room": "roomUuid",
    "user": "userUuid",
    "resource": "resourceUuid",
    "extApp": "extAppUuid",
    "stream": "streamUuid",
    "widget": "widgetUuid",
}
BUSY_S = 0.02
EDUCATION_PREFIX = "agora token="


@dataclasses.dataclass(frozen=True, slots=True)
class Headers:
    """The request headers that identify the caller."""

    token: str
    uid: str
    authorization: str

    @property
    def kind(self) -> str:
        """Return the kinds of token in the request: "both", "education" or "rtm"."""
        if self.token and self.authorization:
            return "both"
        return "education" if self.authorization else "rtm"


class Cloud:
    """The state of a running simulator."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self.router = calls
        self.started_with = settings
        self.files_at = ""
        self.reset(settings)

    def reset(self, settings: SimulatorSettings) -> None:
        """Replace the world, clock and faults with new ones. If there is a seed, start its school."""
        self.settings = settings
        self.clock = SimClock(
            mode="stepped" if settings.stepped else "real", speed=settings.speed, start_ms=settings.start_ms
        )
        self.faults = FaultBoard(seed=settings.seed or 0)
        self.world = World(
            now_ms=self.clock.now_ms(),
            app_id=settings.app_id,
            seed=settings.seed or 0,
            plain=settings.plain,
            destroy_after=settings.destroy_after,
            keep_past=settings.keep_past,
            dialect=settings.dialect,
            group_rooms=settings.group_rooms,
            agora_chat=settings.agora_chat,
        )
        self.world.withhold = self.faults.withhold
        self.verifier = TokenVerifier(app_id=settings.app_id, app_certificate=settings.app_certificate)
        self.requests = 0
        self.chat_callback_to, self.chat_secret = settings.chat_callback_to, settings.chat_secret
        if self.files_at:
            self.has_files_at(self.files_at)
        if settings.seed is not None:
            self.open_school(settings.seed)

    def has_files_at(self, base_url: str) -> None:
        """Name pictures and recordings at the addresses of this server from now on."""
        self.files_at = base_url
        self.world.pages_url = f"{base_url}/converted"
        self.world.files_url = f"{base_url}/recorded"

    def open_school(self, seed: int) -> None:
        """Start the simulated school of ``seed``."""
        open_school(self.world, seed)
        self.tick()

    def tick(self) -> bool:
        """Run the scheduled effects that are due. Return False if some are left.

        If the clock is stepped, run all of them. Otherwise stop after ``BUSY_S`` seconds, so that requests do
        not wait.
        """
        if self.clock.mode == "stepped":
            return self.world.advance(self.clock.now_ms())
        ends = time.monotonic() + BUSY_S
        return self.world.advance(self.clock.now_ms(), go_on=lambda: time.monotonic() < ends)

    def next_request_id(self) -> str:
        self.requests += 1
        return f"sim-{self.requests:08d}"

    # Requests

    def plan(self, match: Match) -> Plan:
        route = match.route
        return self.faults.plan(
            name=route.name, address=f"{route.method} {route.full_path}", now_ms=self.world.now
        )

    def answer(
        self,
        match: Match,
        *,
        headers: Headers,
        query: dict[str, str],
        body: bytes,
        plan: Plan,
        request_id: str,
    ) -> tuple[bytes, Call]:
        """Authenticate and handle one request. Return its serialised ``data`` and the call.

        Raise CloudError if the cloud refuses the request.
        """
        if match.route.dev:
            uid = self._authenticate_customer(headers)
        elif match.app_id != self.settings.app_id:
            raise unauthorized("App ID invalid")
        else:
            uid = self._authenticate(headers, plan)
        home = plan.get("other_region")
        elsewhere = home is not None and match.region not in (None, home.params.get("region"))
        if elsewhere and "room" in match.params:
            raise no_such_room()
        for name, value in match.params.items():
            if name in _ID_PARAMS:
                identifier(_ID_PARAMS[name], value)
        call = Call(
            world=self.world,
            params=match.params,
            query=query,
            body=parse_body(body),
            uid=uid,
            request_id=request_id,
            poll_batch=self.settings.poll_batch,
            plan=plan,
            board=self.faults,
        )
        data: Any = match.route.handler(call)
        if isinstance(data, RawJson):
            return data, call
        return json_bytes.dump({} if data is None else data), call

    def _authenticate_customer(self, headers: Headers) -> str:
        """Return the customer id of Basic auth. Raise CloudError 401 if the id or the secret is wrong."""
        given = f"{self.settings.customer_id}:{self.settings.customer_secret}".encode()
        wanted = "Basic " + base64.b64encode(given).decode()
        if not hmac.compare_digest(headers.authorization.encode(), wanted.encode()):
            raise unauthorized("Invalid authentication credentials")
        return self.settings.customer_id

    def check_room_token(self, *, token: str, room: str, user: str, role: int) -> None:
        """Raise CloudError 401 if a token does not let this person enter this room in this role now."""
        nows = (time.time(), self.world.now / 1000)
        self.verifier.check_room(token=token, room=room, user=user, role=role, nows=nows)

    def _authenticate(self, headers: Headers, plan: Plan) -> str:
        """Return the caller's uid. Raise CloudError 401 if the token is not valid.

        The token may be valid in real time or in simulated time, because some clients follow the cloud's
        clock.
        """
        if plan.get("token_expired") is not None:
            raise unauthorized("token: expired")
        only = plan.get("sign_in")
        if only is not None and headers.kind != only.params.get("kind"):
            raise unauthorized("token is invalid")
        nows = (time.time() + plan.skew_ms / 1000, (self.world.now + plan.skew_ms) / 1000)
        if only is not None and headers.kind == "both":
            self.verifier.check_rtm(token=headers.token.strip('"'), uid=headers.uid, nows=nows)
        if headers.authorization.lower().startswith(EDUCATION_PREFIX):
            token = headers.authorization[len(EDUCATION_PREFIX) :].strip().strip('"')
            user = self.verifier.check_education(token=token, nows=nows)
            if user == "server":
                return headers.uid or user
            if headers.uid and headers.uid != user:
                raise unauthorized("x-agora-uid: the token belongs to another user")
            return user
        if headers.authorization and not headers.token:
            raise unauthorized('Authorization: must be agora token="..."')
        return self.verifier.check_rtm(token=headers.token.strip('"'), uid=headers.uid, nows=nows)


def parse_body(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        value = json_bytes.load(body)
    except ValueError as error:
        raise bad_parameter("body", f"is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise bad_parameter("body", "must be a JSON object")
    return value


def envelope(*, data: bytes, ts: int) -> bytes:
    return b'{"code":0,"msg":"Success","ts":%d,"data":%b}' % (ts, data)


def error_envelope(error: CloudError, *, ts: int) -> bytes:
    return json_bytes.dump({"code": error.code, "msg": error.message, "ts": ts})


def dev_error(error: CloudError) -> bytes:
    """Return the body of an error response to an audio and video call."""
    return json_bytes.dump({"message": error.message})
