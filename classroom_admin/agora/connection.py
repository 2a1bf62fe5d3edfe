"""Is the connection in order, and if not, what is wrong: for the test button of the settings page."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Final, Literal

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
from classroom_admin.agora.rooms import RoomCalls
from classroom_admin.common.sentence import Sentence, joined

Problem = Literal["unreachable", "app_id", "token", "clock", "rate", "cloud"]
SKEW_TO_SAY_MS: Final = 60_000
DEADLINE_S: Final = 15.0
_ADDRESS: Final = ("AGORA_BASE_URL", "AGORA_FALLBACK_URL", "AGORA_REGION")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionReport:
    """``ok``: calls work. ``problem`` None: all is well; ``ok`` with "clock": it works, but the clocks
    differ.

    ``message`` is for people. ``latency_ms``: the whole test. ``clock_offset_ms``: the cloud's clock minus
    ours.
    """

    ok: bool
    problem: Problem | None
    message: Sentence
    latency_ms: float
    clock_offset_ms: int | None


class ConnectionCalls(RoomCalls):
    """The test of the connection; drains nothing and changes nothing."""

    def check_connection(self, *, deadline_s: float = DEADLINE_S) -> ConnectionReport:
        """Ask for a room that can't exist: "no such room" proves address, App ID and token right."""
        started = time.monotonic()
        wrong = self.config.problems()
        if wrong:
            about_app_id = any(sentence.startswith("AGORA_APP_ID") for sentence in wrong)
            about_address = any(sentence.startswith(_ADDRESS) for sentence in wrong)
            problem: Problem = "app_id" if about_app_id else "unreachable" if about_address else "token"
            return self._report(started, ok=False, problem=problem, message=joined(wrong))
        try:
            self.read_room(room_uuid=f"connection-test-{secrets.token_hex(12)}", deadline_s=deadline_s)
        except RoomNotFound:
            pass
        except CloudError as error:
            problem, message = _diagnose(error, self.transport.clock_offset_ms)
            return self._report(started, ok=False, problem=problem, message=message)
        offset_ms = self.transport.clock_offset_ms
        if offset_ms is not None and abs(offset_ms) > SKEW_TO_SAY_MS:
            message = Sentence("The connection works, but {skew}", skew=_skew(offset_ms))
            return self._report(started, ok=True, problem="clock", message=message)
        return self._report(started, ok=True, problem=None, message=Sentence("The connection works."))

    def _report(
        self, started: float, *, ok: bool, problem: Problem | None, message: Sentence
    ) -> ConnectionReport:
        return ConnectionReport(
            ok=ok,
            problem=problem,
            message=message,
            latency_ms=(time.monotonic() - started) * 1000,
            clock_offset_ms=self.transport.clock_offset_ms,
        )


def _diagnose(error: CloudError, offset_ms: int | None) -> tuple[Problem, Sentence]:
    """Name the most likely cause of a failed test, and what to do."""
    problem, sentence = _cause(error, offset_ms)
    quoted = error.message and error.http_status is not None and problem != "unreachable"
    return problem, joined(
        [sentence, Sentence("The cloud reported: {error}.", error=str(error))]
    ) if quoted else sentence


def _cause(error: CloudError, offset_ms: int | None) -> tuple[Problem, Sentence]:
    if isinstance(error, Unauthorized):
        lowered = error.message.lower().replace(" ", "").replace("_", "")
        if "appid" in lowered:
            return "app_id", Sentence("The cloud does not know this App ID. Check AGORA_APP_ID.")
        if offset_ms is not None and abs(offset_ms) > SKEW_TO_SAY_MS:
            return "clock", Sentence("The cloud rejects the token, and {skew}", skew=_skew(offset_ms))
        return "token", Sentence(
            "The cloud rejects the token. Check that AGORA_APP_CERTIFICATE belongs to this App "
            "ID, and check AGORA_UID and AGORA_AUTH."
        )
    if isinstance(error, PathNotFound):
        return "app_id", Sentence(
            "The cloud has no such address. Check AGORA_REGION, AGORA_APP_ID and AGORA_BASE_URL, "
            "and that Flexible Classroom is enabled for the App ID."
        )
    if isinstance(error, RateLimited):
        return "rate", Sentence("Too many requests with this App ID. Wait a moment, then test again.")
    if isinstance(error, CloudUnavailable) and (error.http_status is None or error.http_status < 500):
        check = Sentence("Check AGORA_BASE_URL, the server's network, and its firewall or proxy.")
        return "unreachable", joined([Sentence(error.message), check])
    if isinstance(error, UnreadableAnswer):
        return "unreachable", Sentence(
            "AGORA_BASE_URL answers, but not like the cloud. Check the address, and whether a "
            "proxy or a sign-in page is in between."
        )
    if isinstance(error, CloudFailed | CloudUnavailable):
        return "cloud", Sentence("The cloud reports an internal problem. Test again in a few minutes.")
    return "cloud", Sentence("The cloud refused the test.")


def _skew(offset_ms: int) -> Sentence:
    minutes = abs(offset_ms) / 60_000
    size = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    if offset_ms > 0:
        return Sentence("the server's clock is {size} behind the cloud's. Set it with NTP.", size=size)
    return Sentence("the server's clock is {size} ahead of the cloud's. Set it with NTP.", size=size)
