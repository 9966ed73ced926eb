"""Spans below what was kept, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from incidents.telemetry.spans import are_recorded, current_trace, recorded_by, span

KEPT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01"


@pytest.fixture
def recorded() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with recorded_by(provider):
        yield exporter


def test_it_goes_on_in_the_first_trace_and_is_linked_to_the_others(recorded: InMemorySpanExporter):
    with span("handle intake", follows=[None, KEPT, OTHER, KEPT]):
        kept = current_trace()
    (made,) = recorded.get_finished_spans()
    assert kept is not None
    assert kept.split("-")[1] == KEPT.split("-")[1]
    assert made.parent is not None
    assert f"{made.parent.span_id:016x}" == KEPT.split("-")[2]
    assert [f"{link.context.trace_id:032x}" for link in made.links] == [OTHER.split("-")[1]]


@pytest.mark.parametrize(
    "kept", ["", "no trace", "00-00000000000000000000000000000000-0000000000000000-01", "\x00"]
)
def test_what_cannot_be_read_begins_a_trace_of_its_own(recorded: InMemorySpanExporter, kept: str):
    with span("outer"), span("inner", follows=[kept]):
        pass
    inner, outer = recorded.get_finished_spans()
    assert inner.parent is not None
    assert outer.context is not None
    assert inner.parent.span_id == outer.context.span_id


def test_an_error_is_told_by_its_kind_alone(recorded: InMemorySpanExporter):
    with pytest.raises(ValueError, match="confided"), span("send page"):
        raise ValueError("what a customer confided")
    (made,) = recorded.get_finished_spans()
    assert made.status.description == "ValueError"
    assert not made.events


def test_what_is_not_sampled_is_not_kept():
    with recorded_by(TracerProvider(sampler=ALWAYS_OFF)), span("send page"):
        assert current_trace() is None


def test_without_a_provider_nothing_is_recorded():
    with span("send page", follows=[KEPT]):
        # What goes on in somebody's trace is kept all the same, for whoever records.
        assert current_trace() == KEPT
    assert not are_recorded()
