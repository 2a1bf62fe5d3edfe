"""Test the connection to the cloud for the settings page. If the test fails, find the cause."""

import secrets
import time
from dataclasses import dataclass
from typing import Final, Literal

from classroom_admin.agora.calls import ReadRoom
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import (
    CloudError,
    CloudFailed,
    CloudUnavailable,
    PathNotFound,
    RateLimited,
    RoomNotFound,
    Unauthorized,
    UnreadableAnswer,
)
from classroom_admin.common.problems import Problem

Cause = Literal["unreachable", "app_id", "token", "clock", "rate", "cloud"]
SKEW_TO_SAY_MS: Final = 60_000
DEADLINE_S: Final = 15.0
_ADDRESS_CODES: Final = frozenset(("base_url_missing", "host_wrong", "region_missing", "region_unknown"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionReport:
    """The result of a connection test. `ok` means that calls work. `cause` is None if there is no problem.

    `ok` with the cause "clock" means that calls work, but the two clocks differ. Pages show `findings`.
    `latency_ms` is the duration of the whole test. `clock_offset_ms` is cloud time minus our time.
    """

    ok: bool
    cause: Cause | None
    findings: list[Problem]
    latency_ms: float
    clock_offset_ms: int | None


def check_connection(client: Client, *, deadline_s: float = DEADLINE_S) -> ConnectionReport:
    """Test the connection by reading a room that does not exist.

    The error "room not found" proves that the address, App ID and token are right. The test changes nothing
    and takes no events from the polling stream.
    """
    started = time.monotonic()
    ok, cause, findings = _try(client, deadline_s)
    return ConnectionReport(
        ok=ok,
        cause=cause,
        findings=findings,
        latency_ms=(time.monotonic() - started) * 1000,
        clock_offset_ms=client.transport.clock_offset_ms,
    )


def _try(client: Client, deadline_s: float) -> tuple[bool, Cause | None, list[Problem]]:
    if wrong := client.config.problems():
        return False, _cause_of_settings(wrong), wrong
    try:
        client.send(ReadRoom(room_uuid=f"connection-test-{secrets.token_hex(12)}"), deadline_s=deadline_s)
    except RoomNotFound:
        pass
    except CloudError as error:
        cause, findings = _diagnose(error, client.transport.clock_offset_ms)
        if error.message and cause != "unreachable":
            findings.append(Problem("cloud_said", {"error": str(error)}))
        return False, cause, findings
    offset_ms = client.transport.clock_offset_ms
    if offset_ms is not None and abs(offset_ms) > SKEW_TO_SAY_MS:
        return True, "clock", [_skew(offset_ms, behind="works_clock_behind", ahead="works_clock_ahead")]
    return True, None, [Problem("connection_works")]


def _cause_of_settings(wrong: list[Problem]) -> Cause:
    if any(problem.params.get("name") == "AGORA_APP_ID" for problem in wrong):
        return "app_id"
    return "unreachable" if any(problem.code in _ADDRESS_CODES for problem in wrong) else "token"


def _diagnose(error: CloudError, offset_ms: int | None) -> tuple[Cause, list[Problem]]:
    """Return the most likely cause of a failed test, and texts that say what to do."""
    if isinstance(error, Unauthorized):
        lowered = error.message.lower().replace(" ", "").replace("_", "")
        if "appid" in lowered:
            return "app_id", [Problem("app_id_unknown")]
        if offset_ms is not None and abs(offset_ms) > SKEW_TO_SAY_MS:
            behind, ahead = "token_refused_clock_behind", "token_refused_clock_ahead"
            return "clock", [_skew(offset_ms, behind=behind, ahead=ahead)]
        return "token", [Problem("token_refused")]
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


def _skew(offset_ms: int, *, behind: str, ahead: str) -> Problem:
    minutes = abs(offset_ms) / 60_000
    size = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    return Problem(behind if offset_ms > 0 else ahead, {"size": size})
