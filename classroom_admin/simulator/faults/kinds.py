"""Every kind of fault, what it does, and the settings it takes (name: what it means)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    does: str
    params: dict[str, str] = field(default_factory=dict)
    per_request: bool = True


_RETRY = {"retryAfter": "seconds for the Retry-After header; absent: no header"}
KINDS = {
    kind.name: kind
    for kind in (
        Kind("too_many", "answers 429", _RETRY),
        Kind(
            "budget",
            "answers 429 beyond a number of requests in any second",
            {"perSecond": "requests", **_RETRY},
        ),
        Kind("server_error", "answers 500"),
        Kind("unavailable", "answers 503", _RETRY),
        Kind("token_expired", "answers 401 as for an expired token"),
        Kind("refuse", "closes the connection before anything is done"),
        Kind("delay", "waits before the request is handled", {"ms": "how long, 1000 unless given"}),
        Kind(
            "late_answer",
            "handles the request and then waits with the answer",
            {"ms": "how long, 1000 unless given"},
        ),
        Kind("lose_answer", "handles the request and closes the connection instead of answering"),
        Kind("slow_body", "sends the body in ten pieces", {"ms": "over how long, 1000 unless given"}),
        Kind(
            "truncate",
            "sends valid HTTP with part of the JSON",
            {"share": "part that is sent, 0.5 unless given"},
        ),
        Kind(
            "cut",
            "announces the whole body, sends part of it and closes",
            {"share": "part sent, 0.5 unless given"},
        ),
        Kind("malform", "sends a body that is not JSON", {"body": "what to send instead"}),
        Kind(
            "skew", "moves the cloud's clock, in answers and for tokens", {"ms": "ahead, negative for behind"}
        ),
        Kind(
            "duplicate",
            "repeats events inside a polling answer",
            {"share": "of the events, 0.5 unless given"},
        ),
        Kind("reorder", "shuffles the events inside a polling answer"),
        Kind(
            "foreign_reader",
            "somebody else polls first and takes a part of the stream",
            {"share": "of the events, 0.5 unless given", "everyMs": "also polls by itself this often"},
        ),
        Kind(
            "withhold",
            "keeps new events out of the stream; the repeatable endpoint has them",
            {"cmd": "only this kind", "room": "only this room"},
            per_request=False,
        ),
        Kind(
            "outage",
            "stops listening, so that connections are refused",
            {"ms": "how long (machine time)"},
            False,
        ),
    )
}
