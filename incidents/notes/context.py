"""The context packet: what an engineer needs to know in the first minute, and nothing a customer confided."""

from __future__ import annotations

from datetime import UTC, datetime

from incidents.actions import NOT_STARTED
from incidents.basis import Basis
from incidents.case import Case, LedgerLine
from incidents.commands.verbs import Verb
from incidents.links.story_links import board_address, story_link
from incidents.models import Button, ChatMessage, Incident, Link, Page, Verdict
from incidents.notes.kinds import effect_state_words, result_words
from incidents.notes.next_rung import NEXT, next_rung, rung_mark
from incidents.notes.notes import (
    customers_hit,
    evidence_lines,
    first_tickets,
    hit_summary,
    ticket_links,
    verdict_words,
)
from incidents.notes.sla import left_words
from incidents.policy.policy import ActionMode, ActionPolicy, Policy
from incidents.sla.clock import due_at
from incidents.texts.team import sentence, worded, worded_as
from incidents.texts.times import clock, duration

_FIRST_LINES = {
    (False, True): sentence("{incident} {service} broken for {customers}: {said}"),
    (True, True): sentence("{incident} AGAIN {service} broken for {customers}: {said}"),
    (False, False): sentence("{incident} {service} reported broken by {customers}: {said}"),
    (True, False): sentence("{incident} AGAIN {service} reported broken by {customers}: {said}"),
}
"""By whether it was opened again, and whether what customers say is likely."""
SUMMARY_LIMIT = 1000
"""Characters of a page's summary."""
FAR_AWAY = datetime.max.replace(tzinfo=UTC)


def facts(case: Case, basis: Basis) -> tuple[tuple[str, str], ...]:
    """Label and value, in reading order."""
    incident = case.incident
    return (
        (
            worded("Incident"),
            worded(
                "{incident}, severity {severity}", incident=incident.name, severity=int(incident.severity)
            ),
        ),
        *known_facts(case, basis),
        (worded("Accountable"), incident.owner or worded("nobody at the helpdesk yet")),
        (worded("First tickets"), first_tickets(case.present)),
    )


def known_facts(case: Case, basis: Basis) -> tuple[tuple[str, str], ...]:
    """Those of them about the fault: less what its incident is called, who is accountable, and its tickets."""
    incident = case.incident
    return (
        (worded("Service"), basis.policy.service(incident.service).title),
        (worded("Who is hit"), hit_summary(case.present, basis.policy)),
        (worded("Known since"), f"{clock(incident.opened_at)} ({duration(basis.now - incident.opened_at)})"),
        (worded("Verdict"), verdict_words(incident.verdict)),
        (worded("Evidence"), "\n".join(evidence_lines(incident.evidence)) or worded("none")),
        (worded("Tried"), tried_words(case)),
        *(((worded("On offer"), offer_words(case, basis.policy)),) if offered(case, basis.policy) else ()),
        (worded("SLA"), sla_words(case, basis)),
    )


def offered(case: Case, policy: Policy) -> tuple[ActionPolicy, ...]:
    """The service's actions that are run only when somebody says so: also automatic ones that were held back, as they
    are not tried again by themselves."""
    return tuple(
        one
        for one in policy.service(case.incident.service).actions
        if one.mode is not ActionMode.AUTOMATIC or _was_held_back(case, one.name)
    )


def _was_held_back(case: Case, action: str) -> bool:
    lines = case.action_lines(action)
    return bool(lines) and lines[-1].result == NOT_STARTED


def offer_words(case: Case, policy: Policy) -> str:
    """What somebody may say to have one of them run."""
    return "; ".join(f"run {action.name}" for action in offered(case, policy))


def sla_words(case: Case, basis: Basis) -> str:
    """What is still promised, the next due first: `first response within 12 min, resolution within 3 h 50 min`."""
    calendars = basis.policy.sla.working_calendars()
    running = [clock for clock in case.clocks if not clock.is_over and clock.target is not None]
    running.sort(key=lambda clock: (due_at(clock, calendars) or FAR_AWAY, clock.metric))
    return ", ".join(left_words(clock, calendars, now=basis.now) for clock in running) or worded(
        "nothing is promised now"
    )


def tried_words(case: Case) -> str:
    """Which remedies were tried, and what came of each."""
    actions = [line for line in case.ledger if line.kind == "action"]
    if not actions:
        return worded("nothing yet")
    return "; ".join(f"{line.target}: {outcome_words(line)}" for line in actions)


def outcome_words(action: LedgerLine) -> str:
    """What came of a remedy, without its name where what ran it begins with that."""
    words = action.detail or result_words(action.result) or effect_state_words(action.state)
    return words.removeprefix(f"{action.target} ")


def page_for(case: Case, basis: Basis, *, target: str) -> Page:
    """The page for the team on call at `target`: who is hit, what is known and tried, and where to look."""
    incident = case.incident
    chat = basis.policy.team_of(incident.service).chat
    room = ((worded("Room"), f"{room_name(incident)} ({chat})"),) if chat is not None else ()
    return Page(
        summary=_first_line(case, basis.policy)[:SUMMARY_LIMIT],
        source="Liaison",
        severity=incident.severity,
        details=(*facts(case, basis), *room),
        links=links(case, basis.policy),
        target=target,
    )


def room_name(incident: Incident) -> str:
    """What the incident's room is called, as far as the chat takes it."""
    return f"{incident.name.lower()}-{incident.service}"


def _first_line(case: Case, policy: Policy) -> str:
    """What is broken and for whom, before a phone cuts it; then how the first customer put it."""
    incident = case.incident
    title = policy.service(incident.service).title
    said = incident.title.removeprefix(f"{title}: ")
    is_again, is_likely = incident.generation > 1, incident.verdict in (Verdict.CONFIRMED, Verdict.LIKELY)
    return worded_as(
        _FIRST_LINES[is_again, is_likely],
        incident=incident.name,
        service=title,
        customers=customers_hit(case.present, policy),
        said=said,
    )


def context_message(case: Case, basis: Basis) -> ChatMessage:
    """The room's first message, with the buttons that answer the page from here."""
    text = "\n".join(f"{label}: {value}" for label, value in facts(case, basis))
    name = case.incident.name
    return ChatMessage(
        text=text,
        buttons=(
            Button(label=worded("I have it"), verb=Verb.ACKNOWLEDGE, incident=name),
            *escalate_button(case, basis.policy),
            Button(label=worded("It works again"), verb=Verb.RESOLVE, incident=name),
            Button(label=worded("Not us"), verb=Verb.NOT_US, incident=name),
            Button(label=worded("Status"), verb=Verb.STATUS, incident=name),
        ),
        links=links(case, basis.policy),
    )


def escalate_button(case: Case, policy: Policy) -> tuple[Button, ...]:
    """By which the next one is woken, too; none where nobody is left. Its words say whom, so that pressing it twice
    wakes nobody more."""
    if next_rung(case, policy) is None:
        return ()
    words = f"{NEXT} {rung_mark(case)}"
    return (Button(label=worded("Escalate"), verb=Verb.ESCALATE, incident=case.incident.name, words=words),)


def links(case: Case, policy: Policy) -> tuple[Link, ...]:
    """What the service's runbook says, the incident on the board and its story in the Prefect UI, where the policy says
    their addresses, and its first tickets."""
    name, places = case.incident.name, policy.links
    own: list[Link] = []
    runbook = policy.service(case.incident.service).runbook
    if runbook:
        own.append(Link(label=worded("Runbook"), url=runbook))
    board = board_address(name, places)
    if board is not None:
        own.append(Link(label=worded("Board"), url=board))
    story = story_link(name, places)
    if story is not None:
        own.append(Link(label=worded("Story"), url=story))
    return (*own, *ticket_links(case.tickets))
