"""An alert's episodes: from when it fires to when it ends, whatever the order and number of what is told of it.

Monitors repeat themselves, retry with old content, and may never say that an alert has ended (Alertmanager does not
for one that ends while it is silenced, or after a crash). So what a webhook says only ever moves an episode forward,
and what a look at the monitor says counts as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from incidents.events import AlertEvent, AlertLabels

LOOKS_UNTIL_GONE = 2
"""So many looks in a row that do not find it end an episode: one may be of a monitor that has just started."""


class EpisodeEnd(StrEnum):
    """How it is known that an episode is over. Kept in the store."""

    TOLD = "told"
    """Its monitor said so."""
    REPLACED = "replaced"
    """The same alert fires by a later start."""
    GONE = "gone"
    """Its monitor does not know it any more; when it ended, nobody said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    """One time that an alert fires. `key` is the monitor's own name of the alert, the same in each of its episodes.

    `service` is None where no service of the policy has such labels. `incident_id` is the newest incident that heard of
    it. `missed` counts looks in a row that did not find it; `changed_at` is when it began or ended for us.
    """

    connection: str
    key: str
    started_at: datetime
    changed_at: datetime
    ended_at: datetime | None = None
    end: EpisodeEnd | None = None
    service: str | None = None
    incident_id: int | None = None
    summary: str = ""
    labels: AlertLabels = ()
    url: str | None = None
    is_silenced: bool = False
    missed: int = 0

    @property
    def is_firing(self) -> bool:
        """Whether it lasts, as far as we know."""
        return self.end is None

    @property
    def place(self) -> tuple[str, str, datetime]:
        """What tells it from all others."""
        return (self.connection, self.key, self.started_at)


ServiceOf = Callable[[str, AlertLabels], str | None]
"""By a connection's name and an alert's labels, the service that the policy says it is about."""


@dataclass(slots=True)
class _Alert:
    """The episodes of one alert, by their start, and which of them are not as they were."""

    episodes: dict[datetime, Episode] = field(default_factory=dict)
    changed: set[datetime] = field(default_factory=set)

    def put(self, episode: Episode) -> None:
        if self.episodes.get(episode.started_at) != episode:
            self.episodes[episode.started_at] = episode
            self.changed.add(episode.started_at)


def heard(
    known: Iterable[Episode], events: Iterable[AlertEvent], service_of: ServiceOf, *, now: datetime
) -> list[Episode]:
    """The episodes that are new or not as they were, after what webhooks said, in whatever order and however often.

    `known` are those of the same alerts that last, or that began no earlier than what is told of now.
    """
    alerts = _by_alert(known)
    for event in events:
        alert = alerts.setdefault((event.connection, event.key), _Alert())
        before = alert.episodes.get(event.started_at)
        if before is None:
            _begin(alert, event, service_of, now=now)
        elif event.ended_at is not None:
            alert.put(_ended(before, event.ended_at, now=now))
        elif before.is_firing:
            alert.put(_as_told(before, event, service_of))
        # A firing that is told after its end is a retry with old content: only a look can say that it fires again.
    return _changed(alerts.values())


def _begin(alert: _Alert, event: AlertEvent, service_of: ServiceOf, *, now: datetime) -> None:
    """An alert has one episode at a time, so each ends by the start of the next one at the latest."""
    new = _as_told(
        Episode(connection=event.connection, key=event.key, started_at=event.started_at, changed_at=now),
        event,
        service_of,
    )
    later = [start for start in alert.episodes if start > event.started_at]
    if event.ended_at is not None:
        new = _ended(new, event.ended_at, now=now)
    elif later:
        new = replace(new, ended_at=min(later), end=EpisodeEnd.REPLACED)
    alert.put(new)
    for start, other in list(alert.episodes.items()):
        if start < event.started_at and _may_be_replaced(other, event.started_at):
            changed_at = now if other.is_firing else other.changed_at
            alert.put(
                replace(other, ended_at=event.started_at, end=EpisodeEnd.REPLACED, changed_at=changed_at)
            )


def _may_be_replaced(other: Episode, by: datetime) -> bool:
    if other.end is EpisodeEnd.REPLACED:
        return other.ended_at is None or other.ended_at > by
    return other.is_firing


def seen(
    known: Iterable[Episode],
    firing: Iterable[AlertEvent],
    service_of: ServiceOf,
    *,
    since: datetime,
    now: datetime,
) -> list[Episode]:
    """The same after a look at one monitor, begun at `since`: `firing` is everything that fires there.

    `known` are all of this monitor's episodes that last, and those that `firing` names. What changed while the look was
    under way is newer than it, and left alone.
    """
    alerts = _by_alert(known)
    found = {(event.connection, event.key): event for event in firing}
    for event in found.values():
        alert = alerts.setdefault((event.connection, event.key), _Alert())
        before = alert.episodes.get(event.started_at)
        if before is None:
            before = Episode(
                connection=event.connection, key=event.key, started_at=event.started_at, changed_at=now
            )
        elif not before.is_firing and before.changed_at < since:
            before = replace(before, ended_at=None, end=None, changed_at=now)
        if before.is_firing:
            alert.put(replace(_as_told(before, event, service_of), missed=0))
    for name, alert in alerts.items():
        for start, other in list(alert.episodes.items()):
            if not other.is_firing or other.changed_at >= since:
                continue
            if name not in found:
                alert.put(_missed(other, now=now))
            elif found[name].started_at != start:
                alert.put(replace(other, ended_at=now, end=EpisodeEnd.REPLACED, changed_at=now))
    return _changed(alerts.values())


def _missed(episode: Episode, *, now: datetime) -> Episode:
    missed = episode.missed + 1
    if missed < LOOKS_UNTIL_GONE:
        return replace(episode, missed=missed)
    return replace(episode, missed=missed, ended_at=now, end=EpisodeEnd.GONE, changed_at=now)


def _ended(episode: Episode, ended_at: datetime, *, now: datetime) -> Episode:
    """Told by its monitor, which counts more than what we concluded; of two ends the later."""
    if episode.end is EpisodeEnd.TOLD and episode.ended_at is not None:
        return replace(episode, ended_at=max(episode.ended_at, ended_at))
    changed_at = now if episode.is_firing else episode.changed_at
    return replace(
        episode, ended_at=max(ended_at, episode.started_at), end=EpisodeEnd.TOLD, changed_at=changed_at
    )


def _as_told(episode: Episode, event: AlertEvent, service_of: ServiceOf) -> Episode:
    return replace(
        episode,
        service=service_of(event.connection, event.labels),
        summary=event.summary,
        labels=event.labels,
        url=event.url,
        is_silenced=event.is_silenced,
    )


def _by_alert(known: Iterable[Episode]) -> dict[tuple[str, str], _Alert]:
    alerts: dict[tuple[str, str], _Alert] = {}
    for episode in known:
        alert = alerts.setdefault((episode.connection, episode.key), _Alert())
        alert.episodes[episode.started_at] = episode
    return alerts


def _changed(alerts: Iterable[_Alert]) -> list[Episode]:
    return [alert.episodes[start] for alert in alerts for start in sorted(alert.changed)]


def news_of(
    before: Mapping[tuple[str, str, datetime], Episode], after: Sequence[Episode]
) -> tuple[list[Episode], list[Episode]]:
    """Of episodes that changed, those that fire now and did not, and those that ended and were known to fire."""
    began, ended = [], []
    for episode in after:
        was_firing = episode.place in before and before[episode.place].is_firing
        if episode.is_firing and not was_firing:
            began.append(episode)
        elif was_firing and not episode.is_firing:
            ended.append(episode)
    return began, ended


def silenced_or_not(
    before: Mapping[tuple[str, str, datetime], Episode], after: Sequence[Episode]
) -> list[Episode]:
    """Of episodes that changed and fire on, those of which their monitor begins or ceases to tell people."""
    return [
        episode
        for episode in after
        if episode.is_firing
        and episode.place in before
        and before[episode.place].is_firing
        and before[episode.place].is_silenced != episode.is_silenced
    ]
