"""Alerts' episodes: read, written as they were decided, and counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.alerts.episodes import Episode, EpisodeEnd
from incidents.events import AlertEvent
from incidents.lifecycle import UNSETTLED
from incidents.store.schema.tables import alert_episodes, incidents

_FIRES = alert_episodes.c.end_kind.is_(None)
_PLACE = ("connection", "key", "started_at")
_INSERT = insert(alert_episodes)
_SAVE = _INSERT.on_conflict_do_update(
    index_elements=list(_PLACE),
    set_={
        column.name: _INSERT.excluded[column.name]
        for column in alert_episodes.columns
        # Which incident it is told in is written by `link_episodes` alone.
        if column.name not in (*_PLACE, "incident_id")
    },
)
_SHOWN = 5
_LINKED_AT_ONCE = 500
"""Three parameters each; PostgreSQL takes 32,767 in a statement by asyncpg."""


async def episodes_told_of(tx: AsyncConnection, events: Sequence[AlertEvent]) -> Sequence[Episode]:
    """Of the alerts that these events name: the episodes that last, and those that began no earlier than the events
    tell; locked, so that two who heard of the same alert take turns."""
    if not events:
        return []
    keys = sorted({(event.connection, event.key) for event in events})
    rows = await tx.execute(
        select(alert_episodes)
        .where(
            tuple_(alert_episodes.c.connection, alert_episodes.c.key).in_(keys),
            or_(_FIRES, alert_episodes.c.started_at >= min(event.started_at for event in events)),
        )
        .order_by(*(alert_episodes.c[name] for name in _PLACE))
        .with_for_update()
    )
    return [_episode(row) for row in rows]


async def firing_at(tx: AsyncConnection, connection: str) -> Sequence[Episode]:
    """Everything that fires at a monitor, as far as we know; locked."""
    rows = await tx.execute(
        select(alert_episodes)
        .where(alert_episodes.c.connection == connection, _FIRES)
        .order_by(*(alert_episodes.c[name] for name in _PLACE))
        .with_for_update()
    )
    return [_episode(row) for row in rows]


async def save_episodes(tx: AsyncConnection, episodes: Iterable[Episode]) -> None:
    """Insert or replace them, except for which incident they are told in."""
    in_order = sorted(episodes, key=lambda episode: episode.place)
    if in_order:
        await tx.execute(_SAVE, [_values(episode) for episode in in_order])


async def firing_apart(tx: AsyncConnection, services: Sequence[str]) -> Sequence[Episode]:
    """What fires about these services and is told in no incident that is still open."""
    if not services:
        return []
    open_states = [state.value for state in UNSETTLED]
    rows = await tx.execute(
        select(alert_episodes)
        .outerjoin(incidents, incidents.c.id == alert_episodes.c.incident_id)
        .where(
            _FIRES,
            alert_episodes.c.service.in_(services),
            or_(incidents.c.id.is_(None), incidents.c.state.not_in(open_states)),
        )
        .order_by(alert_episodes.c.started_at)
    )
    return [_episode(row) for row in rows]


async def link_episodes(tx: AsyncConnection, links: Mapping[int, Sequence[Episode]]) -> None:
    """Write in which incident each is told from now on."""
    for incident_id, episodes in links.items():
        for start in range(0, len(episodes), _LINKED_AT_ONCE):
            some = episodes[start : start + _LINKED_AT_ONCE]
            await tx.execute(
                update(alert_episodes)
                .where(tuple_(*(alert_episodes.c[name] for name in _PLACE)).in_([one.place for one in some]))
                .values(incident_id=incident_id)
            )


async def episodes_of(tx: AsyncConnection, incident_id: int) -> Sequence[Episode]:
    """What is told in an incident, the oldest first."""
    rows = await tx.execute(
        select(alert_episodes)
        .where(alert_episodes.c.incident_id == incident_id)
        .order_by(alert_episodes.c.started_at, alert_episodes.c.connection, alert_episodes.c.key)
    )
    return [_episode(row) for row in rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedAlerts:
    """How many alerts of a connection fire, how many of those are of no service, and some of the latter."""

    connection: str
    firing: int
    of_no_service: int
    examples: tuple[Episode, ...] = ()


async def count_alerts(tx: AsyncConnection) -> Sequence[CountedAlerts]:
    """Of each connection, by its name."""
    counts = await tx.execute(
        select(
            alert_episodes.c.connection,
            func.count().label("firing"),
            func.count().filter(alert_episodes.c.service.is_(None)).label("of_no_service"),
        )
        .where(_FIRES)
        .group_by(alert_episodes.c.connection)
        .order_by(alert_episodes.c.connection)
    )
    found = []
    for row in counts.all():
        examples = await tx.execute(
            select(alert_episodes)
            .where(alert_episodes.c.connection == row.connection, _FIRES, alert_episodes.c.service.is_(None))
            .order_by(alert_episodes.c.started_at.desc())
            .limit(_SHOWN)
        )
        found.append(
            CountedAlerts(
                connection=row.connection,
                firing=row.firing,
                of_no_service=row.of_no_service,
                examples=tuple(_episode(one) for one in examples),
            )
        )
    return found


def _values(episode: Episode) -> dict[str, Any]:
    return {
        "connection": episode.connection,
        "key": episode.key,
        "started_at": episode.started_at,
        "changed_at": episode.changed_at,
        "ended_at": episode.ended_at,
        "end_kind": None if episode.end is None else episode.end.value,
        "service": episode.service,
        "summary": episode.summary,
        "labels": [list(label) for label in episode.labels],
        "url": episode.url,
        "is_silenced": episode.is_silenced,
        "missed": episode.missed,
    }


def _episode(row: Row[tuple[object, ...]]) -> Episode:
    started_at: datetime = row.started_at
    return Episode(
        connection=row.connection,
        key=row.key,
        started_at=started_at,
        changed_at=row.changed_at,
        ended_at=row.ended_at,
        end=EpisodeEnd(row.end_kind) if row.end_kind else None,
        service=row.service,
        incident_id=row.incident_id,
        summary=row.summary,
        labels=tuple((name, value) for name, value in row.labels),
        url=row.url,
        is_silenced=row.is_silenced,
        missed=row.missed,
    )
