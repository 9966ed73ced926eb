"""Alerta's JSON in our words; plain functions. Shape: https://docs.alerta.io/api/reference.html (alert, heartbeat)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from connectors.kit.fields import a_record, items, text, utc_time
from incidents.errors import Unrecognised
from incidents.events import AlertEvent, AlertLabels
from incidents.texts.plain_text import cut, one_line
from incidents.texts.times import clock

VENDOR = "alerta"
MAX_WORDS = 480  # characters of a probe's summary
OVER = ("closed", "expired")
"""Statuses of an alert that does not fire any more. Any other word is one that fires: the API takes whatever is put."""
_MUTED = frozenset({"shelved", "blackout"})
_LABELS = ("environment", "resource", "event", "severity", "group", "origin", "type", "customer")
_MAX_KEY = 200
_MAX_SUMMARY = 300
_NAMED = 3


def alert_event(data: Any, connection: str, *, page: str | None) -> AlertEvent:
    """An alert as the API lists it and as the plugin sends it. Raises `Unrecognised`.

    `id` belongs to environment, resource and event; what fires again has it again, by another `createTime`. A change of
    severity gives it another one, too. `page` is the console's address.
    """
    alert = a_record(data, f"{VENDOR}: an alert")
    key, status = text(alert.get("id")), text(alert.get("status"))
    if not key or len(key) > _MAX_KEY:
        raise Unrecognised(f"{VENDOR}: an alert has no usable id")
    if not status:
        raise Unrecognised(f"{VENDOR}: an alert has no status")
    started_at = utc_time(alert.get("createTime"), of=VENDOR)
    ended_at: datetime | None = None
    if status in OVER:
        ended_at = max(started_at, utc_time(alert.get("updateTime") or alert.get("createTime"), of=VENDOR))
    words = text(alert.get("text")) or text(alert.get("value"))
    name = " on ".join(filter(None, (text(alert.get("event")), text(alert.get("resource")))))
    return AlertEvent(
        connection=connection,
        key=key,
        started_at=started_at,
        ended_at=ended_at,
        labels=_labels(alert),
        summary=cut(one_line(f"{name}: {words}" if name and words else words or name), _MAX_SUMMARY),
        url=None if page is None else f"{page}/alert/{quote(key, safe='')}",
        is_silenced=status in _MUTED,
    )


def _labels(alert: Mapping[str, Any]) -> AlertLabels:
    """What it is told apart by, its first service, and its tags that are written name=value."""
    found = {f"tag.{name}": value for name, value in _tags(alert)}
    found |= {name: value for name in _LABELS if (value := text(alert.get(name)))}
    services = [text(one) for one in items(alert.get("service")) if text(one)]
    if services:
        found["service"] = services[0]
    return tuple(sorted(found.items()))


def _tags(alert: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    pairs = [text(tag).partition("=") for tag in items(alert.get("tags"))]
    return [(name, value) for name, is_pair, value in pairs if name and is_pair]


def has_labels(event: AlertEvent, wanted: Mapping[str, Sequence[str]]) -> bool:
    """Whether the alert has all of these labels."""
    labels = dict(event.labels)
    return all(labels.get(name) in values for name, values in wanted.items())


def failing_words(events: Sequence[AlertEvent]) -> str:
    """How many are open, since when, which they are, and how many of them people have shelved."""
    first = min(event.started_at for event in events)
    newest = sorted(events, key=lambda event: event.started_at, reverse=True)
    names = "; ".join(event.summary or "an alert without a name" for event in newest[:_NAMED])
    more = f"; and {len(events) - _NAMED} more" if len(events) > _NAMED else ""
    muted = sum(event.is_silenced for event in events)
    told = f", {muted} of them shelved or in a blackout" if muted else ""
    fires = "1 alert is open" if len(events) == 1 else f"{len(events)} alerts are open"
    return cut(f"{fires}{told}, since {first:%Y-%m-%d} {clock(first)}: {names}{more}", MAX_WORDS)


def heartbeat_status(data: Any, origin: str) -> str:
    """How the heartbeat of this origin stands (`ok`, `slow`, `expired`); "" where there is none."""
    found = [
        one
        for one in items(a_record(data, f"{VENDOR}: the answer").get("heartbeats"))
        if isinstance(one, dict)
    ]
    return next((text(one.get("status")) for one in found if text(one.get("origin")) == origin), "")
