"""The kinds of faults. Each kind says what the fault does and what its settings mean."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    does: str
    params: dict[str, str] = field(default_factory=dict)
    per_request: bool = True


_RETRY = {"retryAfter": "seconds in the Retry-After header; no header by default"}
_NOTICE = {"eventType": "only this event type", "room": "only this room"}
KINDS = {
    kind.name: kind
    for kind in (
        Kind("too_many", "answers 429", _RETRY),
        Kind(
            "budget",
            "answers 429 above a number of requests a second",
            {"perSecond": "requests, default 20", **_RETRY},
        ),
        Kind("server_error", "answers 500"),
        Kind("unavailable", "answers 503", _RETRY),
        Kind(
            "not_offered",
            "answers as a cloud project that does not offer the call",
            {"status": "404 (default), 401 or 403"},
        ),
        Kind(
            "refused",
            "refuses the call",
            {"status": "HTTP status, default 403", "code": "business code, default the status"},
        ),
        Kind("token_expired", "answers 401 as for an expired token"),
        Kind(
            "sign_in",
            "accepts only one kind of sign-in",
            {"kind": "both headers, or only one of them: both, education or rtm"},
        ),
        Kind(
            "other_region",
            "knows no room in any other region",
            {"region": "the region that has the rooms: cn, ap, eu or na"},
        ),
        Kind("bad_signature", "signs a callback of Agora Chat wrongly (route chat_callback)"),
        Kind("refuse", "closes the connection before the request is handled"),
        Kind("delay", "delays the request", {"ms": "delay, default 1000"}),
        Kind(
            "late_answer",
            "handles the request and delays the answer",
            {"ms": "delay, default 1000"},
        ),
        Kind("lose_answer", "handles the request, then closes the connection without an answer"),
        Kind("slow_body", "sends the body in ten pieces", {"ms": "total time, default 1000"}),
        Kind(
            "truncate",
            "sends part of the JSON in a complete HTTP answer",
            {"share": "part that is sent, default 0.5"},
        ),
        Kind(
            "cut",
            "announces the whole body, sends part of it and closes the connection",
            {"share": "part that is sent, default 0.5"},
        ),
        Kind("malform", "sends a body that is not JSON", {"body": "the text to send"}),
        Kind(
            "skew",
            "shifts the cloud's clock, in answers and for tokens",
            {"ms": "ahead, negative for behind"},
        ),
        Kind(
            "duplicate",
            "repeats events within a polling answer",
            {"share": "part of the events, default 0.5"},
        ),
        Kind("reorder", "shuffles the events within a polling answer"),
        Kind(
            "foreign_reader",
            "a competing reader polls first and takes part of the stream",
            {
                "share": "part of the events, default 0.5",
                "everyMs": "interval at which it also polls by itself",
            },
        ),
        Kind(
            "withhold",
            "keeps new events out of the polling stream; the repeatable endpoint has them",
            {"cmd": "only this event type", "room": "only this room"},
            per_request=False,
        ),
        Kind("notice_lost", "loses a notification about a channel", _NOTICE, per_request=False),
        Kind("notice_twice", "sends a notification about a channel twice", _NOTICE, per_request=False),
        Kind(
            "notice_late",
            "delays a notification about a channel",
            {"ms": "delay in machine time, default 1000", **_NOTICE},
            per_request=False,
        ),
        Kind(
            "notice_forged",
            "signs a notification about a channel with another secret",
            _NOTICE,
            per_request=False,
        ),
        Kind(
            "outage",
            "stops listening, so that connections are refused",
            {"ms": "duration in machine time, default 1000"},
            False,
        ),
    )
}
