"""Send spans to a collector, without addresses of pages and people, and without known secrets.

Paths and queries can contain links for new passwords and signatures of files. The route and the host remain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from classroom_admin.common.secret_values import hide

DROPPED: Final = frozenset(
    {
        *("http.url", "url.full", "http.target", "url.path", "url.query"),
        *("net.peer.ip", "client.address", "http.client_ip", "net.sock.peer.addr", "network.peer.address"),
        *("http.user_agent", "user_agent.original"),
    }
)
"""The attributes that may name a page, a signature or a person."""


def to_collector() -> SpanProcessor:
    """Return a processor that sends spans in batches, as the OTEL_ variables say."""
    return BatchSpanProcessor(Hiding(OTLPSpanExporter()))


class Hiding(SpanExporter):
    """An exporter that removes attributes in `DROPPED` and known secrets before `inner` exports a span."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([_clean(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def _clean(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=hide(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_attributes(span.attributes),
        events=[Event(one.name, _attributes(one.attributes), one.timestamp) for one in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code, hide(span.status.description or "") or None),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _attributes(given: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: hide(value) if isinstance(value, str) else value
        for name, value in (given or {}).items()
        if name not in DROPPED
    }
