"""What happens on a ticket of a known incident: agents' notes, solved and re-opened, "still broken"."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.commands.notes import command_in
from incidents.decisions.commands.rights import NoteStanding, standing_of_note
from incidents.decisions.departures import departures, new_customers
from incidents.decisions.holding.hold import made_worse
from incidents.decisions.ownership.hand_over import taken_on
from incidents.decisions.posts import tell_engineers
from incidents.decisions.ticket_change import TicketNews
from incidents.decisions.updates.kept import agents_wrote
from incidents.decisions.written.restoring import is_refused, refused_changes
from incidents.effects import Effect, ticket_note
from incidents.egress.edges import Confided, Edge
from incidents.lifecycle import UNSETTLED, WORKS_AGAIN, reopen
from incidents.models import Author, Comment, Incident, Origin, ProbeResult, Severity, Ticket
from incidents.notes.notes import and_more, ticket_line
from incidents.policy.policy import Policy
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal
from incidents.texts.team import worded, worded_count

AT_ONCE = timedelta(minutes=2)
_A_SECOND = timedelta(seconds=1)
_EXCERPT = 500


def ticket_news(
    case: Case, news: Sequence[TicketNews], basis: Basis, *, looks: Sequence[ProbeResult] = ()
) -> Plan:
    """Pass on what agents wrote and did; reopen when a customer says it is not fixed.

    `looks` are fresh looks at its service, taken because a customer answered.
    """
    plan = Plan(incident=case.incident)
    if can_reopen(case.incident, basis):
        is_healthy = bool(looks) and all(look.is_healthy for look in looks)
        complaints = list(_complaints(news, basis.policy, since=case.incident.resolved_at))
        doubtful = [one for one in complaints if is_healthy and _is_too_quick(*one)]
        sure = [one for one in complaints if one not in doubtful]
        plan = _reopen(case, *sure[0], basis) if sure else _ask_agents(case, doubtful)
    seen = replace(case, incident=plan.incident)
    effects, entries = list(plan.effects), list(plan.entries)
    for item in news:
        # By id: a comment whose webhook was repeated is one comment.
        for comment in {comment.id: comment for comment in item.comments}.values():
            if _is_for_colleagues(comment, item.after.ref.connection, basis.policy):
                said, passed_on = _pass_on(seen, item.after, comment, basis.policy)
                effects += passed_on
                entries.append(said)
    for moved, passed_on in (
        _status_changes(seen, [item for item in news if not is_refused(seen, item)], basis.policy),
        refused_changes(seen, news, basis),
        departures(seen, news, basis.policy),
        new_customers(seen, news),
    ):
        entries += moved
        effects += passed_on
    incident, updates = agents_wrote(seen, news, basis)
    incident, taken = _signs(incident, news, basis)
    entries += taken
    return Plan(incident=incident, effects=tuple(effects), entries=tuple(entries), updates=updates)


def _is_for_colleagues(comment: Comment, connection: str, policy: Policy) -> bool:
    """An agent's note; what is said to us is answered, and no news for engineers. What only begins like it is."""
    is_ours = (
        command_in(comment.text) is not None
        and standing_of_note(comment, connection, policy.commands) is not NoteStanding.NOTHING
    )
    return comment.author is Author.AGENT and not comment.is_public and not is_ours


def _signs(incident: Incident, news: Sequence[TicketNews], basis: Basis) -> tuple[Incident, Sequence[Entry]]:
    """An agent who writes is there; one who takes a ticket of an incident that nobody has, has it."""
    incident, entries = taken_on(incident, [item.after for item in news if item.is_taken], now=basis.now)
    words = (comment for item in news for comment in item.comments)
    is_heard = any(word.author is Author.AGENT and word.origin is Origin.PERSON for word in words)
    if is_heard and incident.state in UNSETTLED:
        incident = replace(incident, owner_seen_at=basis.now)
    return incident, entries


def _complaints(
    news: Sequence[TicketNews], policy: Policy, *, since: datetime | None
) -> Iterator[tuple[TicketNews, Comment]]:
    """Customers who say it is still broken. What was written before it was fixed says nothing about the fix."""
    for item in news:
        for comment in item.comments:
            is_about_the_fix = since is None or comment.at >= since
            if (
                comment.is_a_customers_word
                and is_about_the_fix
                and policy.closure.says_still_broken(comment.text)
            ):
                yield item, comment


def can_reopen(incident: Incident, basis: Basis) -> bool:
    """Whether a complaint opens it again: it counts as working, and not for longer than the policy says."""
    recent = (
        incident.resolved_at is None or basis.now - incident.resolved_at <= basis.policy.closure.reopen_within
    )
    return incident.state in WORKS_AGAIN and recent


def _is_too_quick(item: TicketNews, comment: Comment) -> bool:
    """Answered sooner than anybody reads and tries: by a machine, or to an older message of ours."""
    told_at = item.customer_told_at
    # Helpdesks tell whole seconds.
    return told_at is not None and -_A_SECOND <= comment.at - told_at <= AT_ONCE


def _ask_agents(case: Case, doubtful: Sequence[tuple[TicketNews, Comment]]) -> Plan:
    """The service is seen to work, so nobody is woken; the ticket's agent reads the answer and decides."""
    effects: list[Effect] = []
    entries: list[Entry] = []
    for item, comment in doubtful:
        note = internal(
            worded(
                "{incident}: this customer answered within two minutes of our message, and it sounds as "
                "if it is not fixed. The probes see it working, so nobody was paged. Please read it; if "
                "it is true, escalate {incident}.",
                incident=case.incident.name,
            )
        )
        once = case.once(f"doubt:{_digest(str(item.after.ref), comment.id)}")
        effects.append(ticket_note(case.incident.id, item.after.ref, once, note))
        text = worded(
            "A complaint on #{ticket} came at once, and the probes are green: its agent is asked",
            ticket=item.after.ref.id,
        )
        entries.append(Entry(kind=EntryKind.DOUBT, text=text, actor="customer"))
    return Plan(incident=case.incident, effects=tuple(effects), entries=tuple(entries))


def _reopen(case: Case, item: TicketNews, comment: Comment, basis: Basis) -> Plan:
    """A customer says it is still broken: a new generation, with an SLA clock and a page of its own."""
    incident = reopen(case.incident, now=basis.now)
    worse = Severity(max(Severity.CRITICAL, incident.severity - basis.policy.closure.raise_severity_by))
    raised: tuple[Entry, ...] = ()
    if worse < incident.severity:
        raised_words = worded(
            "Severity raised from {before} to {after}: it was not fixed",
            before=incident.severity,
            after=worse,
        )
        raised = (Entry(kind=EntryKind.SEVERITY, text=raised_words),)
    incident = made_worse(incident, worse, now=basis.now)
    seen = replace(case, incident=incident)
    excerpt = safe_excerpt(comment.text, _EXCERPT)
    wordless = worded(
        "Reopened: the customer of {ticket_line} says so{where}",
        ticket_line=ticket_line(item.after),
        where=_where(item.after),
    )
    text = (
        worded(
            'Reopened: the customer of {ticket_line} says "{excerpt}"',
            ticket_line=ticket_line(item.after),
            excerpt=excerpt,
        )
        if excerpt
        else wordless
    )
    note = internal(
        worded(
            "{incident} is open again: this customer says it is still broken. The team is paged.",
            incident=incident.name,
        )
    )
    return Plan(
        incident=incident,
        effects=(
            ticket_note(incident.id, item.after.ref, seen.once("reopened"), note),
            *tell_engineers(seen, basis.policy, "reopened", text, wordless=wordless),
        ),
        entries=(Entry(kind=EntryKind.REOPENED, text=text, actor="customer"), *raised),
    )


def _where(ticket: Ticket) -> str:
    """Where to read what cannot be repeated here, as nobody could take out what nobody else may read."""
    return worded(", see {url}", url=ticket.url) if ticket.url else ""


def _pass_on(case: Case, ticket: Ticket, comment: Comment, policy: Policy) -> tuple[Entry, list[Effect]]:
    excerpt = safe_excerpt(comment.text, _EXCERPT)
    ways = (policy.egress.allowed(edge) for edge in (Edge.CHAT, Edge.PAGER))
    may_name = all(Confided.AGENT in allowed for allowed in ways)
    author = worded(
        "{author} on ticket #{ticket}",
        author=(comment.author_name if may_name else "") or worded("An agent"),
        ticket=ticket.ref.id,
    )
    wordless = worded("{author} wrote a note{where}", author=author, where=_where(ticket))
    text = f"{author}: {excerpt}" if excerpt else wordless
    what = f"agentnote:{_digest(str(ticket.ref), comment.id)}"
    entry = Entry(kind=EntryKind.TICKET_NOTE, text=text, actor=comment.author_name or "agent")
    return entry, tell_engineers(case, policy, what, text, wordless=wordless)


def _status_changes(
    case: Case, news: Sequence[TicketNews], policy: Policy
) -> tuple[list[Entry], list[Effect]]:
    """Solved and re-opened tickets, all of a chunk in one sentence: nobody reads two hundred."""
    changed = [
        item
        for item in news
        if item.before is not None
        and not item.status_is_ours
        and item.before.status.is_settled != item.after.status.is_settled
    ]
    entries: list[Entry] = []
    effects: list[Effect] = []
    for is_settled in (True, False):
        items = [item for item in changed if item.after.status.is_settled is is_settled]
        if not items:
            continue
        names = ", ".join(f"#{item.after.ref.id}" for item in items[:10]) + and_more(len(items), 10)
        text = (
            worded_count(
                "{count} ticket solved by the agents: {tickets}",
                "{count} tickets solved by the agents: {tickets}",
                len(items),
                tickets=names,
            )
            if is_settled
            else worded_count(
                "{count} ticket opened again: {tickets}",
                "{count} tickets opened again: {tickets}",
                len(items),
                tickets=names,
            )
        )
        what = f"status:{_digest(*(f'{item.after.ref}@{item.after.version}' for item in items))}"
        entries.append(Entry(kind=EntryKind.TICKETS, text=text))
        effects += tell_engineers(case, policy, what, text)
    return entries, effects


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
