"""What incidents hear of alerts, and what alerts say for customers' claims.

An alert is a monitor's word. It backs a customer's claim, and wakes nobody by itself: whoever wants to be woken by it
has an on-call tool for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from incidents.alerts.episodes import Episode, EpisodeEnd
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.participants.monitors import tell_monitors
from incidents.lifecycle import WORKS_AGAIN, is_beside
from incidents.models import Evidence, Incident, IncidentState, Stage
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.plain_text import one_line
from incidents.texts.team import worded
from incidents.texts.times import clock, day_and_clock

_STILL_CHECKING = frozenset({IncidentState.REPORTED, IncidentState.VALIDATING})
_NAMED = 5
_WORDS = 150  # characters


def named(episode: Episode) -> str:
    """The alert in a few words, with where it comes from."""
    words = safe_excerpt(one_line(episode.summary), _WORDS) or worded("an alert without a summary")
    return f"{words} ({episode.connection})"


def belongs(episode: Episode, incident: Incident) -> bool:
    """Whether it may be of this open incident: what began after the fix is another fault, or the fix did not hold."""
    over = incident.state in WORKS_AGAIN and incident.resolved_at is not None
    return not over or (incident.resolved_at is not None and episode.started_at <= incident.resolved_at)


def incident_for(episode: Episode, incidents: Sequence[Incident]) -> Incident | None:
    """Of open incidents the newest one of its service that it may belong to."""
    fitting = [
        one
        for one in incidents
        if one.service == episode.service and belongs(episode, one) and not is_beside(one, incidents)
    ]
    return max(fitting, key=lambda one: one.id, default=None)


def may_open(episode: Episode, basis: Basis) -> bool:
    """Whether it may open an incident by itself: where the policy says so, once, and not what people know already."""
    return (
        basis.policy.alerts.open_incidents
        and episode.is_firing
        and episode.service is not None
        and episode.incident_id is None
        and not episode.is_silenced
        and _is_recent(episode, basis)
    )


def alerts_changed(
    case: Case,
    began: Sequence[Episode],
    ended: Sequence[Episode],
    basis: Basis,
    *,
    silenced: Sequence[Episode] = (),
) -> Plan:
    """It is in the story; and where the claim is still being checked, a new alert has it looked at again at once.

    That alerts have ended proves nothing: whether the service works again, probes say. Nor does it that a monitor is
    told to keep quiet of one (`silenced`, or not any more): acknowledged there, it still fires.
    """
    incident = case.incident
    if (
        incident.state in _STILL_CHECKING
        and incident.next_stage is not Stage.ESCALATION
        and any(_is_recent(episode, basis) for episode in began)
    ):
        incident = replace(incident, next_stage=Stage.VALIDATION, next_stage_at=basis.now, checks=0)
    entries = [*_endings(ended), *_beginnings(began), *_silences(silenced)]
    # Who has the incident has what joins it.
    taken = (
        tell_monitors(case, incident, began, basis) if incident.state is IncidentState.ACKNOWLEDGED else ()
    )
    return Plan(incident=incident, effects=taken, entries=tuple(entries))


def _beginnings(episodes: Sequence[Episode]) -> list[Entry]:
    if not episodes:
        return []
    text = _told([worded("{alert} since {since}", alert=named(one), since=_since(one)) for one in episodes])
    return [Entry(kind=EntryKind.ALERT_FIRES, text=worded("Alert fires: {alerts}", alerts=text))]


def _endings(episodes: Sequence[Episode]) -> list[Entry]:
    gone = [named(one) for one in episodes if one.end is EpisodeEnd.GONE]
    others = [
        worded("{alert} at {time}", alert=named(one), time=clock(one.ended_at))
        for one in episodes
        if one.end is not EpisodeEnd.GONE and one.ended_at is not None
    ]
    texts = [worded("Alert ended: {alerts}", alerts=_told(others))] if others else []
    if gone:
        texts.append(
            worded(
                "Its monitor does not know this alert any more, and never said that it ended: {alerts}",
                alerts=_told(gone),
            )
        )
    return [Entry(kind=EntryKind.ALERT_ENDED, text=text) for text in texts]


def _silences(episodes: Sequence[Episode]) -> list[Entry]:
    quiet = [named(one) for one in episodes if one.is_silenced]
    loud = [named(one) for one in episodes if not one.is_silenced]
    texts = (
        [worded("Its monitor keeps quiet of this alert now: {alerts}", alerts=_told(quiet))] if quiet else []
    )
    if loud:
        texts.append(worded("Its monitor tells people of this alert again: {alerts}", alerts=_told(loud)))
    return [Entry(kind=EntryKind.ALERT_SILENCED, text=text) for text in texts]


def evidence_of(case: Case, episodes: Sequence[Episode], basis: Basis) -> tuple[Evidence, ...]:
    """What the incident's alerts that fire say for the claim of its customers.

    Where no customer complains there is no claim that they could speak for; and one that has been firing for long may
    be about something else, so it is told only.
    """
    return tuple(
        Evidence(
            source=episode.connection,
            text=worded(
                "alert {alert} fires since {since}{silenced}",
                alert=named(episode),
                since=_since(episode),
                silenced=_silenced(episode),
            ),
            at=basis.now,
            speaks_for=True if case.present and _is_recent(episode, basis) else None,
            url=episode.url,
        )
        for episode in _newest(episodes)
    )


def proof_words(episodes: Sequence[Episode]) -> str:
    """What alerts add to the proof that probes gave."""
    if not episodes:
        return ""
    firing = [episode for episode in episodes if episode.is_firing]
    if not firing:
        return worded("; its alerts have ended")
    return worded("; still firing: {alerts}", alerts=_told([named(episode) for episode in _newest(firing)]))


def _newest(episodes: Sequence[Episode]) -> Sequence[Episode]:
    firing = [episode for episode in episodes if episode.is_firing]
    return sorted(firing, key=lambda episode: episode.started_at, reverse=True)[:_NAMED]


def _is_recent(episode: Episode, basis: Basis) -> bool:
    return basis.now - episode.started_at <= basis.policy.alerts.counts_for


def _since(episode: Episode) -> str:
    return day_and_clock(episode.started_at)


def _silenced(episode: Episode) -> str:
    return worded(", silenced") if episode.is_silenced else ""


def _told(texts: Sequence[str]) -> str:
    more = len(texts) - _NAMED
    return "; ".join([*texts[:_NAMED], *([worded("and {more} more", more=more)] if more > 0 else [])])
