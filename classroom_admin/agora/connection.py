"""Test the connection to the cloud for the settings page. If the test fails, find the cause."""

import secrets
import time
from dataclasses import dataclass, replace
from typing import Final, Literal

from classroom_admin.agora.calls import ReadRoom
from classroom_admin.agora.client import Client
from classroom_admin.agora.config import REGIONS
from classroom_admin.agora.errors import (
    CloudError,
    CloudFailed,
    CloudUnavailable,
    InvalidArgument,
    PathNotFound,
    RateLimited,
    RoomNotFound,
    Unauthorized,
    UnreadableAnswer,
)
from classroom_admin.agora.tokens import Kind
from classroom_admin.common.problems import Problem

Cause = Literal["unreachable", "region", "app_id", "certificate", "token", "clock", "rate", "cloud"]
SKEW_TO_SAY_MS: Final = 60_000
DEADLINE_S: Final = 15.0
_ACCEPTED: Final[dict[Kind, str]] = {
    "both": "accepted_both",
    "education": "accepted_education",
    "rtm": "accepted_rtm",
}
_ADDRESS_CODES: Final = frozenset(("base_url_missing", "host_wrong", "region_missing", "region_unknown"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionReport:
    """The result of a connection test. `ok` is True if calls work. `cause` is None if there is no problem.

    If `ok` is True and `cause` is "clock", our clock and the cloud's clock differ. Pages show `findings`.
    `kind` is the kind of token that the cloud accepted. `latency_ms` is the duration of the whole test.
    `clock_offset_ms` is cloud time minus our time.
    """

    ok: bool
    cause: Cause | None
    findings: list[Problem]
    kind: Kind | None
    latency_ms: float
    clock_offset_ms: int | None


def check_connection(
    client: Client, *, known_room: str = "", deadline_s: float = DEADLINE_S
) -> ConnectionReport:
    """Test the connection without changing anything.

    The test reads a room that does not exist. The error "room not found" proves that the address, App ID and
    token are right. It does not prove that the region is right, because each region gives this error for
    rooms of other regions. If `known_room` is the id of an existing room, also find its region. No events are
    taken from the polling stream.
    """
    started = time.monotonic()
    ok, cause, findings = _try(client, known_room, deadline_s)
    return ConnectionReport(
        ok=ok,
        cause=cause,
        findings=findings,
        kind=client.transport.accepted_kind,
        latency_ms=(time.monotonic() - started) * 1000,
        clock_offset_ms=client.transport.clock_offset_ms,
    )


def _try(client: Client, known_room: str, deadline_s: float) -> tuple[bool, Cause | None, list[Problem]]:
    if wrong := client.config.problems():
        return False, _cause_of_settings(wrong), wrong
    try:
        _has(client, f"connection-test-{secrets.token_hex(12)}", deadline_s)
        region = _region_of(client, known_room, deadline_s) if known_room else ""
    except CloudError as error:
        cause, findings = _diagnose(error, client)
        if error.message and cause != "unreachable":
            findings.append(Problem("cloud_said", {"error": str(error)}))
        return False, cause, findings
    if region and region != client.config.region:
        return False, "region", [Problem("region_wrong", {"found": region, "set": client.config.region})]
    findings = [Problem(_ACCEPTED[client.transport.accepted_kind or "both"])]
    untested = "class_nowhere" if known_room else "region_untested"
    findings.append(Problem("region_right" if region else untested))
    offset_ms = client.transport.clock_offset_ms
    if offset_ms is not None and abs(offset_ms) > SKEW_TO_SAY_MS:
        skew = _skew(offset_ms, behind="works_clock_behind", ahead="works_clock_ahead")
        return True, "clock", [skew, *findings]
    return True, None, [Problem("connection_works"), *findings]


def _has(client: Client, room_uuid: str, deadline_s: float) -> bool:
    """Return whether the room exists in the client's region."""
    try:
        client.send(ReadRoom(room_uuid=room_uuid), deadline_s=deadline_s)
    except (RoomNotFound, InvalidArgument):
        return False
    return True


def _region_of(client: Client, room_uuid: str, deadline_s: float) -> str:
    """Return the region of this room, or "" if no region has it. Try the configured region first."""
    if _has(client, room_uuid, deadline_s):
        return client.config.region
    for region in REGIONS:
        if region != client.config.region:
            other = Client(replace(client.config, region=region))
            try:
                if _has(other, room_uuid, deadline_s):
                    return region
            except CloudError:
                continue  # a region may not serve this App ID at all
            finally:
                other.close()
    return ""


def _cause_of_settings(wrong: list[Problem]) -> Cause:
    named = {problem.params.get("name") for problem in wrong}
    if "AGORA_APP_ID" in named:
        return "app_id"
    if "AGORA_APP_CERTIFICATE" in named:
        return "certificate"
    return "unreachable" if any(problem.code in _ADDRESS_CODES for problem in wrong) else "token"


def _diagnose(error: CloudError, client: Client) -> tuple[Cause, list[Problem]]:
    """Return the most likely cause of a failed test, and problems that say what to do."""
    if isinstance(error, Unauthorized):
        return _diagnose_refused_token(error, client)
    if isinstance(error, PathNotFound):
        return "app_id", [Problem("no_such_address")]
    if isinstance(error, RateLimited):
        return "rate", [Problem("called_too_often")]
    if isinstance(error, CloudUnavailable) and (error.http_status is None or error.http_status < 500):
        return "unreachable", [*([error.problem] if error.problem else []), Problem("check_the_network")]
    if isinstance(error, UnreadableAnswer):
        return "unreachable", [Problem("not_the_cloud")]
    if isinstance(error, CloudFailed | CloudUnavailable):
        return "cloud", [Problem("cloud_in_trouble")]
    return "cloud", [Problem("test_refused")]


def _diagnose_refused_token(error: Unauthorized, client: Client) -> tuple[Cause, list[Problem]]:
    lowered = error.message.lower().replace(" ", "").replace("_", "")
    if "appid" in lowered:
        return "app_id", [Problem("app_id_unknown")]
    offset_ms = client.transport.clock_offset_ms
    if offset_ms is not None and abs(offset_ms) > SKEW_TO_SAY_MS:
        behind, ahead = "token_refused_clock_behind", "token_refused_clock_ahead"
        return "clock", [_skew(offset_ms, behind=behind, ahead=ahead)]
    # With the right clock and a known App ID, only a wrong certificate makes every kind of token wrong.
    if client.config.auth == "auto" or "certificate" in lowered or "signature" in lowered:
        return "certificate", [Problem("certificate_wrong")]
    return "token", [Problem("token_refused")]


def _skew(offset_ms: int, *, behind: str, ahead: str) -> Problem:
    minutes = abs(offset_ms) / 60_000
    size = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    return Problem(behind if offset_ms > 0 else ahead, {"size": size})
