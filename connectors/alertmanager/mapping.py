"""Alertmanager's JSON in our words; plain functions.

Webhook: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config (version 4). API v2:
https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.kit.fields import a_record, record, records, text, utc_time
from incidents.errors import Unrecognised
from incidents.events import AlertEvent, AlertLabels
from incidents.texts.plain_text import cut, one_line
from incidents.texts.times import clock

VENDOR = "alertmanager"
MAX_WORDS = 480  # characters of a probe's summary
_MAX_KEY = 200
_MAX_SUMMARY = 300
_MAX_URL = 2000
_NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class FiringAlert:
    """An alert as the API lists it: one that has ended is not listed. `updated_at`: when it was last sent to it."""

    event: AlertEvent
    updated_at: datetime

    @property
    def labels(self) -> Mapping[str, str]:
        """By name."""
        return dict(self.event.labels)


def told_alert(data: Any, connection: str) -> AlertEvent:
    """An alert of a webhook, by its own status; the group's is the worst of all. Raises `Unrecognised`."""
    alert = a_record(data, f"{VENDOR}: an alert")
    status = text(alert.get("status"))
    if status not in ("firing", "resolved"):
        raise Unrecognised(f"{VENDOR}: an alert is {status[:20] or 'nothing'!r}, neither firing nor resolved")
    started_at = _moment(alert.get("startsAt"))
    # Of one that fires it is the year 1, or when it will be taken as ended if nobody sends it again.
    ended_at = max(started_at, _moment(alert.get("endsAt"))) if status == "resolved" else None
    return _event(alert, connection, started_at=started_at, ended_at=ended_at, is_silenced=False)


def listed_alert(data: Any, connection: str) -> FiringAlert:
    """An alert of `GET /api/v2/alerts`. Raises `Unrecognised`."""
    alert = a_record(data, f"{VENDOR}: an alert")
    status = record(alert.get("status"))
    event = _event(
        alert,
        connection,
        started_at=_moment(alert.get("startsAt")),
        ended_at=None,
        is_silenced=text(status.get("state")) == "suppressed",
    )
    return FiringAlert(event=event, updated_at=utc_time(alert.get("updatedAt"), of=VENDOR))


def _event(
    alert: Mapping[str, Any],
    connection: str,
    *,
    started_at: datetime,
    ended_at: datetime | None,
    is_silenced: bool,
) -> AlertEvent:
    key = text(alert.get("fingerprint"))
    if not key or len(key) > _MAX_KEY:
        raise Unrecognised(f"{VENDOR}: an alert has no usable fingerprint")
    labels = _labels(alert.get("labels"))
    annotations, named = record(alert.get("annotations")), dict(labels)
    words = text(annotations.get("summary")) or text(annotations.get("description"))
    name = named.get("alertname", "")
    summary = f"{name}: {words}" if name and words else words or name
    return AlertEvent(
        connection=connection,
        key=key,
        started_at=started_at,
        ended_at=ended_at,
        labels=labels,
        summary=cut(one_line(summary), _MAX_SUMMARY),
        url=_web_address(text(alert.get("generatorURL"))),
        is_silenced=is_silenced,
    )


def _labels(data: Any) -> AlertLabels:
    """Their values are texts; what is none is left out."""
    return tuple(
        sorted((text(name), value) for name, value in record(data).items() if isinstance(value, str))
    )


def _web_address(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname and len(url) <= _MAX_URL else None


def _moment(value: Any) -> datetime:
    """To the millisecond: the API cuts there, the webhook does not, and both must name the same episode."""
    at = utc_time(value, of=VENDOR)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def has_labels(labels: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    """Whether the labels are among the wanted ones, all of them."""
    return all(labels.get(name) in values for name, values in wanted.items())


def failing_words(alerts: Sequence[FiringAlert]) -> str:
    """How many fire, since when, which they are, and how many of them people have silenced."""
    first = min(alert.event.started_at for alert in alerts)
    newest = sorted(alerts, key=lambda alert: alert.event.started_at, reverse=True)
    names = "; ".join(alert.event.summary or "an alert without a name" for alert in newest[:_NAMED])
    more = f"; and {len(alerts) - _NAMED} more" if len(alerts) > _NAMED else ""
    silenced = sum(alert.event.is_silenced for alert in alerts)
    told = f", {silenced} of them silenced" if silenced else ""
    fires = "1 alert fires" if len(alerts) == 1 else f"{len(alerts)} alerts fire"
    return cut(f"{fires}{told}, since {first:%Y-%m-%d} {clock(first)}: {names}{more}", MAX_WORDS)


def listed_alerts(data: Any, connection: str) -> list[FiringAlert]:
    """The whole list. Raises `Unrecognised` where one cannot be read: a part of them is no picture."""
    if not isinstance(data, list):
        raise Unrecognised(f"{VENDOR}: the list of alerts is no list")
    return [listed_alert(one, connection) for one in data]


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedSilence:
    """A silence as the API has it."""

    id: str
    state: str
    comment: str
    ends_at: datetime


def listed_silence(data: Any) -> ListedSilence:
    """Raises `Unrecognised`."""
    silence = a_record(data, f"{VENDOR}: a silence")
    return ListedSilence(
        id=text(silence.get("id")),
        state=text(record(silence.get("status")).get("state")),
        comment=text(silence.get("comment")),
        ends_at=utc_time(silence.get("endsAt"), of=VENDOR),
    )


def silences_in(data: Any) -> list[ListedSilence]:
    """Those of a list that can be read."""
    return [listed_silence(one) for one in records(data)]


_REGEX_CHARACTERS = frozenset(r"\.+*?()|[]{}^$")


def matchers(labels: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """What a silence is for: each label equal to its value, or to one of several."""
    return [
        {"name": name, "value": values[0], "isRegex": False, "isEqual": True}
        if len(values) == 1
        else {"name": name, "value": "|".join(map(_quoted, values)), "isRegex": True, "isEqual": True}
        for name, values in sorted(labels.items())
    ]


def _quoted(value: str) -> str:
    """As RE2 takes it literally; unlike Python's, its escapes are for punctuation only."""
    return "".join(f"\\{char}" if char in _REGEX_CHARACTERS else char for char in value)


def written(at: datetime) -> str:
    """A moment as the API takes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
