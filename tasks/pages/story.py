"""The incident's story as a page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from incidents.basis import Basis
from incidents.case import Actor, Case, LinkedTicket
from incidents.models import Ticket
from incidents.notes.context import facts
from incidents.notes.kinds import effect_state_words
from incidents.notes.notes import held_words
from incidents.notes.states import state_words
from incidents.notes.story import condensed
from incidents.notes.updates import promises_words
from incidents.review.document import NAME
from incidents.sla.explain import explain
from incidents.store.emergencies import is_emergency_name
from incidents.store.timeline import TimelineEntry
from incidents.texts.team import worded
from incidents.texts.times import clock
from tasks.pages.markdown import plain

_TICKETS_SHOWN = 50
_WEB = re.compile(r"https?://[^\s()<>]+")
_SUM_LINES = 12
_ENTRIES_SHOWN = 200


def review_key(incident_id: int) -> str:
    """The key of the page with its review."""
    return f"inc-{incident_id}-{NAME}"


def story_page(
    case: Case, entries: Sequence[TimelineEntry], basis: Basis, *, reviewed_at: str | None = None
) -> str:
    """For the people who watch: state, who has it, what happened, its tickets. As of the basis' moment.
    `reviewed_at`: the address of its review below the UI's, once there is one.

    Lists rather than tables: the UI cuts wide tables off, and lists wrap.
    """
    incident = case.incident
    who = incident.responder or (
        worded("paged, nobody has answered yet") if case.pages else worded("nobody yet")
    )
    known = [*facts(case, basis)]
    into = (
        ""
        if incident.merged_into is None
        else worded(" into {incident}", incident=f"INC-{incident.merged_into}")
    )
    since = f"{clock(incident.state_since)}{held_words(incident)}"
    promised = promises_words(case.updates)
    if promised:
        known.append((worded("Promises of the next update"), promised))
    lines = [
        f"# {incident.name} {plain(incident.title)}",
        "",
        worded("{state} since {since}", state=f"**{state_words(incident.state)}{into}**", since=since)
        + f" · {worded('with: {who}', who=plain(who))}"
        + (f" · [{worded('review')}]({reviewed_at})" if reviewed_at is not None else ""),
        "",
        *(f"- **{label}**: {plain(value)}" for label, value in known),
        "",
        *_to_tell(case),
        *_promises(case, basis),
        f"## {worded('What happened')}",
        "",
        *(_line(entry) for entry in condensed(entries)[-_ENTRIES_SHOWN:]),
        "",
        f"## {worded('Tickets ({count})', count=len(case.tickets))}",
        "",
        *(_ticket(item) for item in case.tickets[:_TICKETS_SHOWN]),
    ]
    if len(case.tickets) > _TICKETS_SHOWN:
        lines.append(f"- {worded('and {more} more', more=len(case.tickets) - _TICKETS_SHOWN)}")
    return "\n".join(lines)


def _to_tell(case: Case) -> list[str]:
    """The tickets whose customers a person must tell; their names stay at the helpdesk."""
    if not case.untold:
        return []
    links = {item.ticket.ref: _linked(item.ticket) for item in case.tickets}
    shown = [
        f"- {links.get(one.ref, plain(str(one.ref)))}: {effect_state_words(one.state)}, {plain(one.why)}"
        for one in case.untold[:_TICKETS_SHOWN]
    ]
    if len(case.untold) > _TICKETS_SHOWN:
        shown.append(f"- {worded('and {more} more', more=len(case.untold) - _TICKETS_SHOWN)}")
    return [f"## {worded('Customers to tell by hand ({count})', count=len(case.untold))}", "", *shown, ""]


def _promises(case: Case, basis: Basis) -> list[str]:
    """The arithmetic of each promise, as `liaison sla` prints it, so that anybody can check it."""
    calendars, now = basis.policy.sla.working_calendars(), basis.now
    promised = [clock for clock in case.clocks if clock.target is not None]
    texts = ["\n".join(explain(clock, calendars, now=now, longest=_SUM_LINES)) for clock in promised]
    # A fence that no text of ours or the operator's can close.
    return [f"## {worded('Promises')}", "", "~~~~~~text", "\n\n".join(texts), "~~~~~~", ""] if texts else []


def _line(entry: TimelineEntry) -> str:
    run = _run(entry.run_id) if entry.run_id else ""
    who = "" if entry.actor == Actor.LIAISON else f" **{plain(entry.actor)}**:"
    return f"- {entry.at:%H:%M:%S}{who} {plain(entry.text)}{run}"


def _run(run_id: str) -> str:
    return (
        worded(" (without Prefect)")
        if is_emergency_name(run_id)
        else f" [{worded('run')}](/runs/flow-run/{run_id})"
    )


def _ticket(item: LinkedTicket) -> str:
    ticket = item.ticket
    reason = worded("joined because of {reason}", reason=plain(item.reason))
    return f"- {_linked(ticket)} {state_words(ticket.status)}, {reason}"


def _linked(ticket: Ticket) -> str:
    name = plain(str(ticket.ref))
    return f"[{name}]({ticket.url})" if ticket.url and _WEB.fullmatch(ticket.url) else name
