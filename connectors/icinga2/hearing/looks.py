"""Hearing Icinga by looks: what fires now beside what fired at the look before, which the cursor holds.

Icinga's own stream of events (`hints`) says when to look; it says nothing of what happened while nobody was connected,
and a look does. What began and ended between two looks is not told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from connectors.icinga2.mapping import MonitoredObject
from connectors.kit.fields import a_record, items, record, text, utc_time
from connectors.kit.strict_json import parse_json
from incidents.errors import Unrecognised
from incidents.events import AlertEvent, Heard, Verified

Firing = Mapping[str, tuple[str, bool]]
"""What fires, by key: since when, and whether it is silenced."""


async def hear(
    cursor: str | None,
    *,
    look: Callable[[], Awaitable[Sequence[AlertEvent]]],
    objects: Callable[[Sequence[str]], Awaitable[Sequence[MonitoredObject]]],
    wait: Callable[[], Awaitable[None]],
) -> AsyncGenerator[Heard, None]:
    """Each change once, as it is seen; a first look tells everything that fires. `wait` is between two looks."""
    known = _known(cursor)
    is_first = known is None
    while True:
        alerts = await look()
        firing = {one.key: (one.started_at.isoformat(), one.is_silenced) for one in alerts}
        before = known or {}
        changed = [one for one in alerts if before.get(one.key) != firing[one.key]]
        gone = {key: since for key, (since, _) in before.items() if firing.get(key, ("",))[0] != since}
        found = [_delivery(one) for one in sorted(changed, key=lambda one: (one.started_at, one.key))]
        found = [*await _endings(gone, objects), *found]
        known = firing
        if found or gone or is_first:
            is_first = False
            yield Heard(deliveries=tuple(found), cursor=json.dumps({"firing": firing}, sort_keys=True))
        await wait()


def event_in(body: bytes, connection: str) -> AlertEvent:
    """What a delivery tells. Raises `Unrecognised`."""
    document = a_record(parse_json(body), "icinga2: the delivery")
    key = text(document.get("key"))
    if not key:
        raise Unrecognised("icinga2: an alert without a key")
    ended = document.get("ended_at")
    labels = [tuple(map(text, pair)) for pair in items(document.get("labels")) if isinstance(pair, list)]
    return AlertEvent(
        connection=connection,
        key=key,
        started_at=utc_time(document.get("started_at"), of="icinga2"),
        ended_at=None if ended is None else utc_time(ended, of="icinga2"),
        labels=tuple((pair[0], pair[1]) for pair in labels if len(pair) == 2),
        summary=text(document.get("summary")),
        url=text(document.get("url")) or None,
        is_silenced=document.get("is_silenced") is True,
    )


def _known(cursor: str | None) -> Firing | None:
    """What cannot be read counts as never listened: everything that fires is told then, and known for what it is."""
    if cursor is None:
        return None
    try:
        firing = record(parse_json(cursor.encode("utf-8", "surrogatepass"))).get("firing")
    except Unrecognised:
        return None
    if not isinstance(firing, dict):
        return None
    return {
        key: (text(value[0]), value[1] is True)
        for key, value in firing.items()
        if isinstance(value, list) and len(value) == 2
    }


async def _endings(
    gone: Mapping[str, str], objects: Callable[[Sequence[str]], Awaitable[Sequence[MonitoredObject]]]
) -> list[Verified]:
    """The end of each, by its object's own times. What is no object any more has no end that anybody could tell."""
    if not gone:
        return []
    found: list[Verified] = []
    for one in await objects(sorted(gone)):
        ended = one.since if one.state == 0 else one.last_well
        if ended is not None:
            document: dict[str, Any] = {
                "key": one.name,
                "started_at": gone[one.name],
                "ended_at": ended.isoformat(),
            }
            document |= {"labels": one.labels, "summary": f"{one.name} is {one.word}"}
            found.append(_verified(document))
    return found


def _delivery(alert: AlertEvent) -> Verified:
    return _verified(
        {
            "key": alert.key,
            "started_at": alert.started_at.isoformat(),
            "labels": alert.labels,
            "summary": alert.summary,
            "url": alert.url,
            "is_silenced": alert.is_silenced,
        }
    )


def _verified(document: Mapping[str, Any]) -> Verified:
    body = json.dumps(document, sort_keys=True).encode()
    # Acknowledged, forgotten and acknowledged again, it is said in the same words.
    return Verified(
        headers=(), body=body, identity=f"alert:{hashlib.sha256(body).hexdigest()}", is_repeatable=True
    )
