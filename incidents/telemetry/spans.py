"""One trace from a webhook to the page: spans by OpenTelemetry's API, and the traces that wait in the store.

A trace goes through the store as W3C's `traceparent`, kept with the delivery, with the incident that it opened, and
with each effect: whoever takes one of them up goes on in its trace. Without OpenTelemetry's SDK, or without an
exporter, nothing is recorded, kept or carried. Attributes are ids and names of ours; nobody's words are among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACEPARENT = "traceparent"
MOST_LINKS = 32

_W3C = TraceContextTextMapPropagator()
_given: list[TracerProvider] = []
_UNRECORDED = nullcontext(trace.INVALID_SPAN)


def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, str | int] | None = None,
    follows: Iterable[str | None] = (),
) -> AbstractContextManager[Span]:
    """What is done inside, as a span of its own: below the first of the traces that it `follows`, with links to the
    others; below the current one if it follows none that is known. An error's kind is told, not its words."""
    origins = [one for one in follows if one]
    # OpenTelemetry's own way to a span that nobody records took a fifth of the CPU for a webhook. Somebody's trace is
    # carried on all the same.
    return _span(name, kind, attributes, origins) if origins or are_recorded() else _UNRECORDED


@contextmanager
def _span(
    name: str, kind: SpanKind, attributes: Mapping[str, str | int] | None, follows: Iterable[str]
) -> Iterator[Span]:
    origins = list(_origins(follows))
    if not origins and not are_recorded():
        # Each call of a vendor is one: what nobody sees is not to cost it anything.
        yield trace.get_current_span()
        return
    context = (
        None if not origins else trace.set_span_in_context(trace.NonRecordingSpan(origins[0]), Context())
    )
    with _tracer().start_as_current_span(
        name,
        context=context,
        kind=kind,
        attributes=attributes,
        links=[Link(one) for one in origins[1:MOST_LINKS]],
        # Their words may be a customer's or a vendor's.
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        try:
            yield made
        except BaseException as error:
            made.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def current_trace() -> str | None:
    """The `traceparent` of where we are, to be kept with what is written now; None where nothing is recorded."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid or not here.trace_flags.sampled:
        return None
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get(TRACEPARENT)


def are_recorded() -> bool:
    """Whether anybody would see a span; what only serves one need not be looked up otherwise."""
    # Its class, not isinstance: abstract classes are asked at length, and this is asked twice for each webhook.
    return bool(_given) or type(trace.get_tracer_provider()) is not trace.ProxyTracerProvider


@contextmanager
def recorded_by(provider: TracerProvider) -> Iterator[None]:
    """Spans made inside, by whomever in this process, go to this provider instead of OpenTelemetry's global one."""
    _given.append(provider)
    try:
        yield
    finally:
        _given.remove(provider)


def _tracer() -> trace.Tracer:
    provider = _given[-1] if _given else trace.get_tracer_provider()
    return provider.get_tracer("liaison")


def _origins(follows: Iterable[str]) -> Iterator[SpanContext]:
    """Those that can be read, each once: what a store has is not always ours."""
    for kept in dict.fromkeys(follows):
        context = _W3C.extract({TRACEPARENT: kept}, context=Context())
        found = trace.get_current_span(context).get_span_context()
        if found.is_valid:
            yield found
