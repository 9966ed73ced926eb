"""Taking alerts in: episodes are kept, their services' incidents hear of them, and what fires alone may open one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from incidents.alerts.episodes import Episode, heard, news_of, seen, silenced_or_not
from incidents.alerts.telling import alerts_changed, incident_for, may_open, named
from incidents.case import Entry, EntryKind
from incidents.events import AlertEvent
from incidents.process.deciding import PendingDecision, decide_all
from incidents.step import Step
from incidents.store.alerts import (
    episodes_told_of,
    firing_apart,
    firing_at,
    link_episodes,
    save_episodes,
)
from incidents.store.cases import NewIncident, open_incidents, open_new
from incidents.store.inbox.drains import take_turns
from incidents.store.sla.keeping import keep_new_incidents
from incidents.texts.team import worded

_AT_ONCE = 500  # events of one statement


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenAlerts:
    """How many episodes began, ended, and opened an incident; `incidents` may have something to do now."""

    began: int = 0
    ended: int = 0
    opened: int = 0
    incidents: tuple[int, ...] = ()


async def take_alerts(step: Step, events: Sequence[AlertEvent]) -> TakenAlerts:
    """What webhooks told. Takes turns with whoever joins tickets: an alert and a ticket of one fault, heard at once,
    must meet."""
    if not events:
        return TakenAlerts()
    await take_turns(step.connection)
    before: list[Episode] = []
    for start in range(0, len(events), _AT_ONCE):
        before += await episodes_told_of(step.connection, events[start : start + _AT_ONCE])
    after = heard(before, events, step.policy.service_of_alert, now=step.now)
    return await _follow(step, before, after)


async def follow_look(
    step: Step, connection: str, firing: Sequence[AlertEvent], *, since: datetime
) -> TakenAlerts:
    """What a look at the monitor showed, begun at `since`: everything that fires there."""
    await take_turns(step.connection)
    known = {one.place: one for one in await firing_at(step.connection, connection)}
    for start in range(0, len(firing), _AT_ONCE):
        told = await episodes_told_of(step.connection, firing[start : start + _AT_ONCE])
        known |= {one.place: one for one in told}
    before = list(known.values())
    after = seen(before, firing, step.policy.service_of_alert, since=since, now=step.now)
    return await _follow(step, before, after)


async def _follow(step: Step, before: Sequence[Episode], after: Sequence[Episode]) -> TakenAlerts:
    await save_episodes(step.connection, after)
    known = {one.place: one for one in before}
    began, ended = news_of(known, after)
    services = sorted({one.service for one in (*before, *after) if one.service is not None and one.is_firing})
    opened = await _open(step, services)
    told = await _tell(step, services, ended, silenced_or_not(known, after))
    return TakenAlerts(
        began=len(began),
        ended=len(ended),
        opened=len(opened),
        incidents=tuple(dict.fromkeys((*opened, *told))),
    )


async def meet_alerts(step: Step, services: Sequence[str]) -> tuple[int, ...]:
    """What fires about these services is told in their open incidents, whichever of the two was first. Returns these.

    Whoever calls takes turns with all who open incidents.
    """
    return await _tell(step, services, ())


async def _tell(
    step: Step, services: Sequence[str], ended: Sequence[Episode], silenced: Sequence[Episode] = ()
) -> tuple[int, ...]:
    meetings = await _meet(step, services)
    endings, silences = _by_incident(ended), _by_incident(silenced)
    questions = [
        PendingDecision(
            incident_id=number,
            decision=partial(
                alerts_changed,
                began=meetings.get(number, ()),
                ended=endings.get(number, ()),
                silenced=silences.get(number, ()),
                basis=step.basis,
            ),
        )
        # In the order of the incidents, as everybody locks them.
        for number in sorted(meetings.keys() | endings.keys() | silences.keys())
    ]
    await decide_all(step, questions)
    return tuple(question.incident_id for question in questions)


def _by_incident(episodes: Sequence[Episode]) -> Mapping[int, list[Episode]]:
    """Those that an incident was told of."""
    found: dict[int, list[Episode]] = {}
    for episode in episodes:
        if episode.incident_id is not None:
            found.setdefault(episode.incident_id, []).append(episode)
    return found


async def _meet(step: Step, services: Sequence[str]) -> Mapping[int, Sequence[Episode]]:
    apart = await firing_apart(step.connection, services)
    if not apart:
        return {}
    incidents = await open_incidents(step.connection, sorted({one.service or "" for one in apart}))
    meetings: dict[int, list[Episode]] = {}
    for episode in apart:
        incident = incident_for(episode, incidents)
        if incident is not None:
            meetings.setdefault(incident.id, []).append(episode)
    await link_episodes(step.connection, meetings)
    return meetings


async def _open(step: Step, services: Sequence[str]) -> tuple[int, ...]:
    """Incidents for what fires about services that have none, where the policy says so; by their first alert."""
    if not step.policy.alerts.open_incidents or not services:
        return ()
    open_already = {one.service for one in await open_incidents(step.connection, services)}
    first: dict[str, Episode] = {}
    for episode in await firing_apart(step.connection, services):
        if may_open(episode, step.basis) and episode.service not in open_already:
            first.setdefault(episode.service or "", episode)
    opened = await open_new(step, [_new_incident(step, name, one) for name, one in sorted(first.items())])
    await keep_new_incidents(step, [(incident, []) for incident in opened])
    return tuple(incident.id for incident in opened)


def _new_incident(step: Step, name: str, episode: Episode) -> NewIncident:
    service = step.policy.service(name)
    return NewIncident(
        service=name,
        title=f"{service.title}: {named(episode)}",
        severity=service.severity,
        entries=(
            Entry(kind=EntryKind.OPENED, text=worded("Opened by an alert: {alert}", alert=named(episode))),
        ),
    )
