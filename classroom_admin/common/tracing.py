"""Trace requests, commands, calls to the cloud and tasks with OpenTelemetry, if an installation asks for it.

OTEL_EXPORTER_OTLP_ENDPOINT switches traces on. They need the packages of `requirements-otel.txt`. Without the
variable, nothing of them is imported. The standard variables of OpenTelemetry set the rest, such as
OTEL_TRACES_SAMPLER.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from classroom_admin.common.version import version

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

SERVICE: Final = "classroom-admin"
MISSING: Final = (
    "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the packages for traces are missing. Install them with "
    "pip install -r requirements-otel.txt, or remove the variable."
)
_tracer: Any = None


def is_on() -> bool:
    """Return whether this installation sends traces."""
    return bool(settings.OTEL_EXPORTER_OTLP_ENDPOINT)


def instrument() -> None:
    """Instrument Django, Celery and requests. Call this once, before Django loads its middleware.

    It starts no thread, so a process may fork afterwards. Raise ImproperlyConfigured if packages are missing.
    """
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.instrumentation.django") is None:
        raise ImproperlyConfigured(MISSING)
    from celery.signals import worker_init
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.requests import RequestsInstrumentor

    for instrumentor in (DjangoInstrumentor(), CeleryInstrumentor(), RequestsInstrumentor()):
        instrumentor.instrument()
    worker_init.connect(_begin_worker)


def _begin_worker(**_: Any) -> None:
    begin()


def begin(processor: SpanProcessor | None = None) -> None:
    """Send the spans of this process from now on, if the installation sends traces.

    Call this after the last fork, because it starts a thread. `processor` gets the spans instead, in tests.
    """
    global _tracer
    if not is_on() or _tracer is not None:
        return
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    from classroom_admin.common import trace_export

    resource = Resource.create({"service.name": SERVICE, "service.version": version()})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(processor or trace_export.to_collector())
    trace.set_tracer_provider(provider)
    _tracer = trace.get_tracer(SERVICE, version())


def span(name: str) -> AbstractContextManager[Any]:
    """Return a block that is one span of the current trace. Without traces, the block does nothing."""
    if _tracer is None:
        return nullcontext()
    found: AbstractContextManager[Any] = _tracer.start_as_current_span(name)
    return found


def trace_id() -> str:
    """Return the id of the current trace in hexadecimal, or "" outside of one."""
    if _tracer is None:
        return ""
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""
