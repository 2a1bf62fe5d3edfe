"""Send calls to the cloud, with tokens, two hosts, a request limit, retries and deadlines."""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from requests.auth import AuthBase, HTTPBasicAuth

from classroom_admin.agora.answers import RawAnswer, read_json
from classroom_admin.agora.call import CloudCall
from classroom_admin.agora.cloud_clock import CloudClock
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import (
    CloudError,
    CloudFailed,
    CloudUnavailable,
    PathNotFound,
    RateLimited,
    Unauthorized,
    UnreadableAnswer,
    error_for,
)
from classroom_admin.agora.models import read_int, read_text
from classroom_admin.agora.retries import (
    LONGEST_RETRY_AFTER_S,
    MOST_TRIES,
    Hosts,
    read_http_date,
    read_retry_after,
    wait_before,
)
from classroom_admin.agora.tokens import Kind, Token, TokenSource
from classroom_admin.agora.wire import Reply, Wire
from classroom_admin.common import clock as app_clock
from classroom_admin.common.problems import Problem

READS_PER_BODY: Final = 4  # a slow body may take this many read time-outs in total
_MESSAGES: Final = ("msg", "message", "error_description", "error")
"""The fields of an error response that may contain its message. The last two are those of Agora Chat."""
_PLAUSIBLE_MS: Final = (1_400_000_000_000, 10_000_000_000_000)
_SAYS_NOTHING: Final = (Unauthorized, PathNotFound, CloudUnavailable, CloudFailed, RateLimited)
"""The errors after which it is unknown whether the cloud accepted the token and knows the path."""
Limiter = Callable[[CloudCall[Any]], float]
"""A function that reserves one request and returns the seconds to wait before sending the request."""


def no_limit(call: CloudCall[Any]) -> float:
    return 0.0


@dataclass(slots=True, kw_only=True)
class _Job:
    """The state of one call during its attempts."""

    call: CloudCall[Any]
    method: str
    path: str
    query: Mapping[str, str]
    body: bytes | None
    deadline: float | None
    template: str = ""
    tried_other_path: bool = False
    may_have_happened: bool = False
    avoid: str = ""


class Transport:
    """A thread-safe sender of calls. A process needs only one.

    Tests can replace `clock` (seconds since 1970), `monotonic`, `sleep` (seconds) and `rng`. `limiter` is
    called before each request, including retries. `tokens` creates the source of tokens.
    """

    def __init__(
        self,
        config: CloudConfig,
        *,
        clock: Callable[[], float] = lambda: app_clock.now_ms() / 1000,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        limiter: Limiter = no_limit,
        tokens: Callable[..., TokenSource] = TokenSource,
    ) -> None:
        self.config = config
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._rng = rng or random.Random()
        self.limiter = limiter
        self._hosts = Hosts(config.base_url, config.fallback_url, monotonic=monotonic)
        self._tokens = tokens(config, clock=self.cloud_time_s, monotonic=monotonic)
        self._wire = Wire(monotonic=monotonic)
        self._cloud_clock = CloudClock()
        self._known_paths: dict[str, str] = {}

    @property
    def accepted_kind(self) -> Kind | None:
        """Return the kind of token that the cloud accepted last, or None if it has accepted none."""
        return self._tokens.accepted_kind

    @property
    def clock_offset_ms(self) -> int | None:
        """Return cloud time minus our time (ms), or None before the first response."""
        return self._cloud_clock.offset_ms

    def cloud_time_s(self) -> float:
        """Return the cloud's time in seconds since 1970, or our time if the offset is unknown."""
        return self._clock() + (self.clock_offset_ms or 0) / 1000

    def note_cloud_time(self, ts_ms: int | None, *, received_at_ms: int, took_ms: float = 0) -> None:
        """Update the clock offset from an envelope's `ts` (ms). Ignore None and implausible times.

        Code that parses raw responses must call this itself. `took_ms` is the time from request to response.
        """
        if ts_ms is not None and _PLAUSIBLE_MS[0] < ts_ms < _PLAUSIBLE_MS[1]:
            self._cloud_clock.note(ts_ms, received_at_ms=received_at_ms, took_ms=took_ms)

    def close(self) -> None:
        """Close idle connections. The transport can still be used afterwards."""
        self._wire.close()

    def send(self, call: CloudCall[Any], *, deadline_s: float | None = None) -> RawAnswer:
        """Send a call and return the 2xx response, not yet parsed.

        `deadline_s` limits the total time of attempts and waits. Raise the `CloudError` for the response's
        status and code, or `CloudUnavailable` if there is no response.
        """
        body = call.body()
        job = _Job(
            call=call,
            method=call.method_for(self.config),
            path=call.path(self.config, template=self._known_paths.get(call.template, call.template)),
            template=self._known_paths.get(call.template, call.template),
            query=call.query(),
            body=None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode(),
            deadline=None if deadline_s is None else self._monotonic() + deadline_s,
        )
        token = self._tokens.current()
        refused: list[Token] = []
        tries = 1
        while True:
            answer = self._try(job, token)
            if not isinstance(answer, _SAYS_NOTHING):
                self._note_accepted(job, token)
            if isinstance(answer, RawAnswer):
                return answer
            if isinstance(answer, Unauthorized) and not call.customer:
                refused.append(token)
                if (other := self._tokens.after(refused)) is not None:
                    token = other
                    continue
            if isinstance(answer, PathNotFound) and self._try_other_path(job):
                continue
            tries += 1
            wait = self._wait_before(tries, job=job, failure=answer)
            if wait is None:
                raise answer
            self._sleep(wait)

    def _try_other_path(self, job: _Job) -> bool:
        """Switch to the call's other path. Return False if there is none, or if it was already tried."""
        call = job.call
        if not call.other_template or job.tried_other_path:
            return False
        job.tried_other_path = True
        job.template = call.other_template if job.template == call.template else call.template
        job.path = call.path(self.config, template=job.template)
        return True

    def _note_accepted(self, job: _Job, token: Token) -> None:
        """Remember which kind of token and which path the cloud accepted."""
        if not job.call.customer:
            self._tokens.accept(token)
        if job.tried_other_path:
            self._known_paths[job.call.template] = job.template

    def _wait_before(self, tries: int, *, job: _Job, failure: CloudError) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up."""
        if isinstance(failure, CloudUnavailable) and job.may_have_happened:
            failure.may_have_happened = True
        if tries > MOST_TRIES or not job.call.patient:
            return None
        if isinstance(failure, CloudUnavailable | CloudFailed):
            reached = not isinstance(failure, CloudUnavailable) or failure.may_have_happened
            if reached and not job.call.repeat:
                return None
        elif not isinstance(failure, RateLimited):
            return None
        asked_s = failure.retry_after_s or 0.0
        if asked_s > LONGEST_RETRY_AFTER_S:
            return None
        wait = asked_s + wait_before(tries, rng=self._rng)
        left = self._left_s(job)
        return wait if left is None or wait < left else None

    def _try(self, job: _Job, token: Token) -> RawAnswer | CloudError:
        """Try the hosts in turn until one receives the request. An error is returned, not raised."""
        reply = Reply(problem=Problem("no_address"), sent=False)
        took_ms = 0.0
        for host in sorted(self._hosts.in_order(), key=lambda url: url == job.avoid):
            refused = self._await_turn(job)
            if refused is not None:
                return refused
            started = self._monotonic()
            reply = self._exchange(host, job, token)
            took_ms = (self._monotonic() - started) * 1000
            if reply.status is None:
                # Do this also after a time-out, so that the next call starts with the other host.
                self._hosts.failed(host)
            else:
                self._hosts.answered(host)
            if reply.sent:
                break
        else:
            host = ""
        if reply.whole:
            judged = self._judge(reply, job, took_ms=took_ms)
            if isinstance(judged, CloudUnavailable):
                job.avoid = host
            return judged
        if reply.sent:
            job.may_have_happened = True
            job.avoid = host
        return CloudUnavailable(
            problem=reply.problem,
            may_have_happened=job.may_have_happened,
            partial_body=reply.body,
            http_status=reply.status,
            request_id=reply.request_id,
        )

    def _await_turn(self, job: _Job) -> CloudError | None:
        wait = self.limiter(job.call)
        left = self._left_s(job)
        if left is not None and wait >= left:
            if wait > 0:
                return RateLimited(problem=Problem("too_many_requests_here"), retry_after_s=wait)
            return CloudUnavailable(problem=Problem("no_time_left"), may_have_happened=job.may_have_happened)
        if wait > 0:
            self._sleep(wait)
        return None

    def _exchange(self, host: str, job: _Job, token: Token) -> Reply:
        config = self.config
        started = self._monotonic()
        left = self._left_s(job)
        whole_s = READS_PER_BODY * config.read_timeout_s if left is None else left
        return self._wire.exchange(
            host,
            method=job.method,
            path=job.path,
            query=job.query,
            body=job.body,
            auth=_auth(config, job.call, token),
            connect_s=max(0.001, min(config.connect_timeout_s, whole_s)),
            read_s=max(0.001, min(config.read_timeout_s, whole_s)),
            until=started + whole_s,
        )

    def _judge(self, reply: Reply, job: _Job, *, took_ms: float) -> RawAnswer | CloudError:
        """Convert a complete reply to a response, or to the error for its status and code."""
        status = reply.status or 0
        received_at_ms = int(self._clock() * 1000)
        if 200 <= status < 300:
            return RawAnswer(
                body=reply.body,
                http_status=status,
                received_at_ms=received_at_ms,
                request_id=reply.request_id,
                path=job.path,
                took_ms=took_ms,
            )
        if 300 <= status < 400:
            return CloudUnavailable(
                problem=Problem("redirected"),
                http_status=status,
                request_id=reply.request_id,
            )
        refusal = _read_refusal(reply.body)
        self.note_cloud_time(read_int(refusal.get("ts")), received_at_ms=received_at_ms, took_ms=took_ms)
        date_s = read_http_date(reply.date)
        if status == 401 and date_s is not None and "ts" not in refusal:
            # A token with a wrong date is refused, so update the offset before the next token is created.
            self.note_cloud_time(int(date_s * 1000), received_at_ms=received_at_ms)
        failure = error_for(
            http_status=status,
            code=read_int(refusal.get("code")),
            message=next((text for name in _MESSAGES if (text := read_text(refusal.get(name)))), ""),
            request_id=reply.request_id or read_text(refusal.get("requestId")),
            retry_after_s=read_retry_after(reply.retry_after, now_s=date_s or self._clock()),
        )
        if isinstance(failure, CloudUnavailable):
            job.may_have_happened = True
        return failure

    def _left_s(self, job: _Job) -> float | None:
        return None if job.deadline is None else job.deadline - self._monotonic()


def _auth(config: CloudConfig, call: CloudCall[Any], token: Token) -> AuthBase:
    if call.customer:
        return HTTPBasicAuth(config.customer_id, config.customer_secret)
    return token


def _read_refusal(body: bytes) -> dict[str, Any]:
    """Return the envelope of an error response. Return {} if it has none, like an HTML page of a gateway."""
    try:
        refusal = read_json(body)
    except UnreadableAnswer:
        return {}
    return refusal if isinstance(refusal, dict) else {}
