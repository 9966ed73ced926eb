"""What happens on a ticket of a known incident: agents' notes, solved and re-opened, "still broken"."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.posts import tell_engineers
from incidents.effects import Effect, ticket_note
from incidents.lifecycle import WORKS_AGAIN, reopen
from incidents.models import Author, Comment, Incident, Ticket
from incidents.notes.notes import ticket_line
from incidents.policy.policy import Policy
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal

_EXCERPT = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketNews:
    """A ticket as it was known and as it is, with its new comments. `before` is None when it is new to us.

    `status_is_ours`: we set (or are setting) this status ourselves, so it is no news.
    """

    before: Ticket | None
    after: Ticket
    comments: tuple[Comment, ...] = ()
    status_is_ours: bool = False


def ticket_news(case: Case, news: Sequence[TicketNews], basis: Basis) -> Plan:
    """Pass on what agents wrote and did; reopen when a customer says it is not fixed."""
    plan = Plan(incident=case.incident)
    if _can_reopen(case.incident, basis):
        complaint = next(_complaints(news, basis.policy, since=case.incident.resolved_at), None)
        if complaint is not None:
            plan = _reopen(case, *complaint, basis)
    seen = replace(case, incident=plan.incident)
    effects, entries = list(plan.effects), list(plan.entries)
    for item in news:
        # By id: a comment whose webhook was repeated is one comment.
        for comment in {comment.id: comment for comment in item.comments}.values():
            if comment.author is Author.AGENT and not comment.is_public:
                said, passed_on = _pass_on(seen, item.after, comment, basis.policy)
                effects += passed_on
                entries.append(said)
    moved, passed_on = _status_changes(seen, news, basis.policy)
    return Plan(incident=plan.incident, effects=(*effects, *passed_on), entries=(*entries, *moved))


def _complaints(
    news: Sequence[TicketNews], policy: Policy, *, since: datetime | None
) -> Iterator[tuple[TicketNews, Comment]]:
    """Customers who say it is still broken. What was written before it was fixed says nothing about the fix."""
    for item in news:
        for comment in item.comments:
            is_a_customers = comment.author is Author.CUSTOMER and comment.is_public
            is_about_the_fix = since is None or comment.at >= since
            if is_a_customers and is_about_the_fix and policy.closure.says_still_broken(comment.text):
                yield item, comment


def _can_reopen(incident: Incident, basis: Basis) -> bool:
    recent = (
        incident.resolved_at is None or basis.now - incident.resolved_at <= basis.policy.closure.reopen_within
    )
    return incident.state in WORKS_AGAIN and recent


def _reopen(case: Case, item: TicketNews, comment: Comment, basis: Basis) -> Plan:
    """A customer says it is still broken: a new generation, with an SLA clock and a page of its own."""
    incident = reopen(case.incident, now=basis.now)
    seen = replace(case, incident=incident)
    excerpt = safe_excerpt(comment.text, _EXCERPT)
    text = f'Reopened: the customer of {ticket_line(item.after)} says "{excerpt}"'
    note = internal(
        f"{incident.name} is open again: this customer says it is still broken. The team is paged."
    )
    return Plan(
        incident=incident,
        effects=(
            ticket_note(incident.id, item.after.ref, seen.once("reopened"), note),
            *tell_engineers(seen, basis.policy, "reopened", text),
        ),
        entries=(Entry(kind=EntryKind.REOPENED, text=text, actor="customer"),),
    )


def _pass_on(case: Case, ticket: Ticket, comment: Comment, policy: Policy) -> tuple[Entry, list[Effect]]:
    excerpt = safe_excerpt(comment.text, _EXCERPT)
    text = f"{comment.author_name or 'An agent'} on ticket #{ticket.ref.id}: {excerpt}"
    what = f"agentnote:{_digest(str(ticket.ref), comment.id)}"
    entry = Entry(kind=EntryKind.TICKET_NOTE, text=text, actor=comment.author_name or "agent")
    return entry, tell_engineers(case, policy, what, text)


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
    for is_settled, word in ((True, "solved by the agents"), (False, "opened again")):
        items = [item for item in changed if item.after.status.is_settled is is_settled]
        if not items:
            continue
        names = ", ".join(f"#{item.after.ref.id}" for item in items[:10])
        more = f" and {len(items) - 10} more" if len(items) > 10 else ""
        text = f"{len(items)} ticket(s) {word}: {names}{more}"
        what = f"status:{_digest(*(f'{item.after.ref}@{item.after.version}' for item in items))}"
        entries.append(Entry(kind=EntryKind.TICKETS, text=text))
        effects += tell_engineers(case, policy, what, text)
    return entries, effects


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
