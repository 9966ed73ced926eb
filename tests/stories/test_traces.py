"""One trace from the customer's webhook to the page that it rang, through gateway, store, flows and vendor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, format_trace_id
from sqlalchemy import select

from incidents.store.schema.tables import deliveries, effects, incidents
from incidents.telemetry.spans import recorded_by
from tests.stories.installation import BODY, Installation


@pytest.fixture
def recorded() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with recorded_by(provider):
        yield exporter
    provider.shutdown()


def trace_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return format_trace_id(span.context.trace_id)


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name == name]


async def test_one_trace_from_webhook_to_page(liaison: Installation, recorded: InMemorySpanExporter):
    liaison.world.break_checkout()
    (ticket,) = liaison.customers_write()
    await liaison.intake()
    assert len(liaison.world.pagerduty.pages) == 1

    first = named(recorded, "webhook zendesk/demo")[0]
    assert (first.kind, first.parent) == (SpanKind.SERVER, None)
    whole = [span for span in recorded.get_finished_spans() if trace_of(span) == trace_of(first)]
    names = [span.name for span in whole]
    wanted = [
        "webhook zendesk/demo",
        "store delivery",
        "handle intake",
        "validation INC-1",
        "escalation INC-1",
        "send page",
        "pagerduty POST",
    ]
    assert [name for name in wanted if name not in names] == [], names
    assert names.count("send page") == 1

    by_id = {span.context.span_id: span for span in whole if span.context is not None}
    call = next(span for span in whole if span.name == "pagerduty POST")
    ways = [call.name]
    while call.parent is not None:
        call = by_id[call.parent.span_id]
        ways.append(call.name)
    assert ways == [*wanted[6:3:-1], "handle intake", "store delivery", "webhook zendesk/demo"]
    said = str([(span.name, dict(span.attributes or {}), span.events) for span in whole])
    assert BODY not in said
    assert "mail.example" not in said
    assert str(ticket) not in {str(value) for span in whole for value in (span.attributes or {}).values()}


async def test_what_is_kept_outlives_the_process(liaison: Installation, recorded: InMemorySpanExporter):
    """An engineer's word an hour later is a trace of its own; what it brings to the same incident's page is told in
    the trace in which that was decided."""
    await liaison.escalated()
    async with liaison.database.transaction() as tx:
        (opened,) = (await tx.execute(select(incidents.c.trace))).scalars()
        kept = set((await tx.execute(select(deliveries.c.trace))).scalars())
        sent = set((await tx.execute(select(effects.c.trace))).scalars())
    assert all(isinstance(one, str) and one.startswith("00-") for one in {opened, *kept, *sent})
    whole = {one.split("-")[1] for one in {opened, *sent}}
    assert whole == {trace_of(named(recorded, "webhook zendesk/demo")[0])}


async def test_nothing_is_kept_where_nobody_records(liaison: Installation):
    await liaison.escalated()
    async with liaison.database.transaction() as tx:
        for table in (deliveries, incidents, effects):
            assert set((await tx.execute(select(table.c.trace))).scalars()) == {None}
