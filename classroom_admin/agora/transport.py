"""From a call of the table to a whole answer: token, host, budget, repeats, deadline, and who listens in."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from classroom_admin.agora.answers import RawAnswer, read_json
from classroom_admin.agora.budget import Budget, ProcessBudget
from classroom_admin.agora.calls import Call
from classroom_admin.agora.cloud_clock import CloudClock
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import (
    CloudError,
    CloudFailed,
    CloudUnavailable,
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
from classroom_admin.agora.tokens import Token, TokenSource
from classroom_admin.agora.wire import Reply, Wire
from classroom_admin.common import clock as house_clock
from classroom_admin.common.sentence import Sentence

READS_PER_BODY: Final = 4  # a body that drips may take this many read time-outs in all
_PLAUSIBLE_MS: Final = (1_400_000_000_000, 10_000_000_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One exchange for those who validate, count or log it. ``status`` None: no answer. No headers, no token.

    ``body`` may hold what a log should not (a recording's boardToken): log its length, not itself.
    """

    call: Call
    host: str
    path: str
    query: Mapping[str, str]
    request_json: Any
    status: int | None
    body: bytes
    duration_ms: float
    request_id: str | None
    problem: str

    @property
    def method(self) -> str:
        return self.call.method

    @property
    def path_template(self) -> str:
        return self.call.template


_observers: Final[list[Callable[[Exchange], None]]] = []


@contextmanager
def observed(observer: Callable[[Exchange], None]) -> Iterator[None]:
    """Show every exchange of every client of this process to ``observer`` while the block runs."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


@dataclass(slots=True, kw_only=True)
class _Job:
    """A call on its way: what is the same for all its tries, and what they left behind."""

    call: Call
    path: str
    query: Mapping[str, str]
    json: Any
    body: bytes | None
    deadline: float | None
    may_have_happened: bool = False
    avoid: str = ""


class Transport:
    """Sends calls. Thread-safe; one for a process is enough.

    ``clock`` (seconds since 1970), ``monotonic`` and ``sleep`` (seconds) and ``rng`` can be replaced in
    tests. ``on_exchange`` is called after every exchange, in the calling thread; what it raises goes up to
    the caller. ``budget`` is asked before every exchange.
    """

    def __init__(
        self,
        config: CloudConfig,
        *,
        clock: Callable[[], float] = lambda: house_clock.now_ms() / 1000,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.config = config
        self.on_exchange = on_exchange
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._rng = rng or random.Random()
        self._budget = budget or ProcessBudget(config.requests_per_second, monotonic=monotonic)
        self._hosts = Hosts(config.base_url, config.fallback_url, monotonic=monotonic)
        self._tokens = TokenSource(config, clock=self.cloud_time_s)
        self._wire = Wire(monotonic=monotonic)
        self._cloud_clock = CloudClock()

    @property
    def clock_offset_ms(self) -> int | None:
        """The cloud's clock minus ours, by the quickest of the last answers; None before the first."""
        return self._cloud_clock.offset_ms

    def cloud_time_s(self) -> float:
        """Give the time (seconds since 1970) by the cloud's clock, as far as it is known."""
        return self._clock() + (self.clock_offset_ms or 0) / 1000

    def note_cloud_time(self, ts_ms: int | None, *, received_at_ms: int, took_ms: float = 0) -> None:
        """Learn the cloud's clock from an envelope's ``ts`` (ms). Raw answers are read by others: they tell
        it here, with how long the exchange took.
        """
        if ts_ms is not None and _PLAUSIBLE_MS[0] < ts_ms < _PLAUSIBLE_MS[1]:
            self._cloud_clock.note(ts_ms, received_at_ms=received_at_ms, took_ms=took_ms)

    def close(self) -> None:
        """Close idle connections; the transport can be used again afterwards."""
        self._wire.close()

    def send(
        self,
        call: Call,
        *,
        parts: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: Any = None,
        deadline_s: float | None = None,
    ) -> RawAnswer:
        """Send a call and give its 2xx answer, unread.

        ``deadline_s`` bounds everything: hosts, repeats and waits together. Raises the ``CloudError`` that
        the answer's status and code stand for, or ``CloudUnavailable`` where there is none.
        """
        places = {"region": self.config.region, "appId": self.config.app_id, **parts}
        job = _Job(
            call=call,
            path=call.path(places),
            query=query or {},
            json=body,
            body=None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode(),
            deadline=None if deadline_s is None else self._monotonic() + deadline_s,
        )
        token = self._tokens.current()
        renewed = False
        tries = 1
        while True:
            answer = self._try(job, token)
            if isinstance(answer, RawAnswer):
                return answer
            if isinstance(answer, Unauthorized) and not renewed:
                token, renewed = self._tokens.renewed(token), True
                continue
            tries += 1
            wait = self._wait_before(tries, job=job, failure=answer)
            if wait is None:
                raise answer
            self._sleep(wait)

    def _wait_before(self, tries: int, *, job: _Job, failure: CloudError) -> float | None:
        """Decide on another try: the seconds to wait for it, or None for giving up."""
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
        """Try the hosts in turn until one takes the request; a failure is given back, not raised."""
        reply = Reply(problem=Sentence("No address is set."), sent=False)
        took_ms = 0.0
        for host in sorted(self._hosts.in_order(), key=lambda url: url == job.avoid):
            refused = self._await_turn(job)
            if refused is not None:
                return refused
            started = self._monotonic()
            reply = self._exchange(host, job, token)
            took_ms = (self._monotonic() - started) * 1000
            if reply.status is None:
                # Also after a silence: this call may not be repeated there, but the next begins elsewhere.
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
            reply.problem,
            may_have_happened=job.may_have_happened,
            partial_body=reply.body,
            http_status=reply.status,
            request_id=reply.request_id,
        )

    def _await_turn(self, job: _Job) -> CloudError | None:
        wait = self._budget.wait_s(job.call)
        left = self._left_s(job)
        if left is not None and wait >= left:
            if wait > 0:
                return RateLimited(
                    Sentence(
                        "Too many requests from this server. This request was not sent because it would be "
                        "too late."
                    ),
                    retry_after_s=wait,
                )
            return CloudUnavailable(
                Sentence("There was no time left to ask the cloud."), may_have_happened=job.may_have_happened
            )
        if wait > 0:
            self._sleep(wait)
        return None

    def _exchange(self, host: str, job: _Job, token: Token) -> Reply:
        config = self.config
        started = self._monotonic()
        left = self._left_s(job)
        whole_s = READS_PER_BODY * config.read_timeout_s if left is None else left
        reply = self._wire.exchange(
            host,
            method=job.call.method,
            path=job.path,
            query=job.query,
            body=job.body,
            auth=token,
            connect_s=max(0.001, min(config.connect_timeout_s, whole_s)),
            read_s=max(0.001, min(config.read_timeout_s, whole_s)),
            until=started + whole_s,
        )
        self._tell(reply, job, host=host, duration_ms=(self._monotonic() - started) * 1000)
        return reply

    def _tell(self, reply: Reply, job: _Job, *, host: str, duration_ms: float) -> None:
        listening = [*([self.on_exchange] if self.on_exchange is not None else []), *_observers]
        if not listening:
            return
        exchange = Exchange(
            call=job.call,
            host=host,
            path=job.path,
            query=job.query,
            request_json=job.json,
            status=reply.status,
            body=reply.body,
            duration_ms=duration_ms,
            request_id=reply.request_id,
            problem=reply.problem,
        )
        for observer in listening:
            observer(exchange)

    def _judge(self, reply: Reply, job: _Job, *, took_ms: float) -> RawAnswer | CloudError:
        """Turn a whole reply into the answer, or into the error that its status and code stand for."""
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
                Sentence(
                    "The address redirects instead of answering. Check the cloud's address, and whether "
                    "a proxy or a network sign-in page is in between."
                ),
                http_status=status,
                request_id=reply.request_id,
            )
        told = _read_refusal(reply.body)
        self.note_cloud_time(read_int(told.get("ts")), received_at_ms=received_at_ms, took_ms=took_ms)
        date_s = read_http_date(reply.date)
        if status == 401 and date_s is not None and "ts" not in told:
            # A token dated by a wrong clock is refused: learn the time before the next one is made.
            self.note_cloud_time(int(date_s * 1000), received_at_ms=received_at_ms)
        failure = error_for(
            http_status=status,
            code=read_int(told.get("code")),
            message=read_text(told.get("msg")) or read_text(told.get("message")) or "",
            request_id=reply.request_id or read_text(told.get("requestId")),
            retry_after_s=read_retry_after(reply.retry_after, now_s=date_s or self._clock()),
        )
        if isinstance(failure, CloudUnavailable):
            job.may_have_happened = True
        return failure

    def _left_s(self, job: _Job) -> float | None:
        return None if job.deadline is None else job.deadline - self._monotonic()


def _read_refusal(body: bytes) -> dict[str, Any]:
    """Read a refusal's envelope; gateways answer with a page of HTML or nothing, which is no error of its
    own.
    """
    try:
        told = read_json(body)
    except UnreadableAnswer:
        return {}
    return told if isinstance(told, dict) else {}
