"""Which webhooks tell of a person, whatever form their bodies have."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.redaction.traces import Traces, strings_of
from incidents.store.erasure.person import KnownCustomer

_AT_ONCE = 200
_WITH_BODY = text("select id, connection, state, body from deliveries where body <> '' order by id")


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldDelivery:
    """A webhook that tells of somebody; `texts` are all that it says."""

    id: int
    state: str
    texts: tuple[str, ...]


async def deliveries_of(
    tx: AsyncConnection, person: KnownCustomer, traces: Traces | None = None
) -> AsyncIterator[ToldDelivery]:
    """Those from a helpdesk of theirs that have one of their numbers, name or address in them; with `traces` also
    those, from wherever, that have their words.

    A number is looked for by itself, so a webhook that has an equal one for another reason is taken for theirs, too.
    """
    numbers: dict[str, set[str]] = {}
    for connection, number in person.ids:
        numbers.setdefault(connection, set()).add(number)
    for ref in person.tickets:
        numbers.setdefault(ref.connection, set()).add(ref.id)
    known = Traces.of(names=[*person.names, *person.addresses], texts=[])
    async with tx.stream(_WITH_BODY) as found:
        async for part in found.partitions(_AT_ONCE):
            for row in part:
                texts = tuple(_texts(row.body))
                wanted = numbers.get(row.connection, set())
                if (
                    any(one in wanted for one in texts)
                    or any(known.are_in(one) for one in texts)
                    or (traces is not None and any(traces.are_in(one) for one in texts))
                ):
                    yield ToldDelivery(id=row.id, state=row.state, texts=texts)


def _texts(body: bytes) -> Iterator[str]:
    written = body.decode("utf-8", "replace")
    value = _json(written)
    if value is not None:
        yield from strings_of(value)
        return
    for field in written.split("&"):
        name, is_form, content = unquote_plus(field).partition("=")
        inner = _json(content) if is_form else None
        if inner is not None:
            yield from strings_of(inner)
        else:
            yield content if is_form else name


def _json(written: str) -> Any:
    try:
        return json.loads(written)
    except ValueError:
        return None
