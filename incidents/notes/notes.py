"""What colleagues read: the sentences on tickets, in chat and on pages. Customers never see these.

Every text a customer wrote goes through `redaction.safe_excerpt` before it stands here, because these texts
leave the helpdesk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from incidents.case import Case, LinkedTicket
from incidents.links.story_links import board_address
from incidents.models import Evidence, Incident, InternalText, Link, Ticket, Verdict
from incidents.notes.states import state_words
from incidents.policy.policy import Policy
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal
from incidents.texts.team import sentence, worded, worded_as, worded_count
from incidents.texts.times import clock

_VERDICTS = {
    Verdict.CONFIRMED: sentence("confirmed: customers are hit"),
    Verdict.LIKELY: sentence("likely: customers seem to be hit"),
    Verdict.UNCONFIRMED: sentence("unconfirmed: no proof either way yet"),
    Verdict.CONTRADICTED: sentence("contradicted: the service looks healthy"),
    Verdict.CANNOT_TELL: sentence("cannot tell: our own checks did not work"),
}
_SUBJECT_LIMIT = 120


def verdict_words(verdict: Verdict | None) -> str:
    """The verdict in words, also where there is none yet."""
    return worded_as(_VERDICTS[verdict]) if verdict is not None else worded("not checked yet")


def evidence_lines(evidence: Sequence[Evidence]) -> list[str]:
    """A line each, and whether it speaks for the customers' claim."""
    marks = {
        True: worded("speaks for it"),
        False: worded("speaks against it"),
        None: worded("proves nothing"),
    }
    return [f"{marks[item.speaks_for]}: {item.text}" for item in evidence]


def verdict_note(case: Case, policy: Policy) -> InternalText:
    """For the agents: what the check found, and on what grounds."""
    incident = case.incident
    title = policy.service(incident.service).title
    lines = [
        f"{incident.name} ({title}): {verdict_words(incident.verdict)}.",
        *evidence_lines(incident.evidence),
        accountable_words(incident),
        what_to_say(case, policy),
        read_on(incident, policy),
    ]
    return internal("\n".join(line for line in lines if line))


def joined_note(case: Case, policy: Policy, reason: str) -> InternalText:
    """For the agent whose ticket has just been joined to a known incident."""
    incident = case.incident
    title = policy.service(incident.service).title
    lines = [
        worded(
            "This ticket belongs to {incident} ({title}): {reason}.",
            incident=incident.name,
            title=title,
            reason=reason,
        ),
        worded(
            "It is {state}. Verdict: {verdict}.",
            state=state_words(incident.state),
            verdict=verdict_words(incident.verdict),
        ),
        who_has_it(case, policy),
        accountable_words(incident),
        what_to_say(case, policy),
        read_on(incident, policy),
    ]
    return internal("\n".join(line for line in lines if line))


def read_on(incident: Incident, policy: Policy) -> str:
    """Where an agent reads the whole of it, always the newest; "" where the policy does not say where the board is."""
    address = board_address(incident.name, policy.links)
    return worded("The whole story: {address}", address=address) if address is not None else ""


def what_to_say(case: Case, policy: Policy) -> str:
    """How an agent acts from the ticket that the note is on; "" where a helpdesk of its tickets hears no notes."""
    hears = all(policy.commands.hears(item.ticket.ref.connection) for item in case.tickets)
    return (
        worded("To act from here, write a private note: `/liaison help` lists what it can say.")
        if hears
        else ""
    )


def held_words(incident: Incident) -> str:
    """`, its page waits until 14:32 UTC`; "" where none waits."""
    until = incident.held_until
    return (
        worded(", its page waits until {until}", until=clock(until))
        if until is not None and incident.next_stage_at == until
        else ""
    )


def accountable_words(incident: Incident) -> str:
    """Whose it is at the helpdesk; "" while it is nobody's."""
    return worded("Accountable: {owner}.", owner=incident.owner) if incident.owner else ""


def team_words(title: str) -> str:
    """`Payments team`, and `team Payments`: a title that says so itself is not called a team twice."""
    return title if "team" in title.casefold() else worded("team {title}", title=title)


def who_has_it(case: Case, policy: Policy) -> str:
    """Who is on it, or which team was paged; "" if neither."""
    incident = case.incident
    if incident.responder:
        return worded("{responder} is on it.", responder=incident.responder)
    if case.pages:
        words = team_words(policy.team_of(incident.service).title)
        return worded(
            "{team} has been paged; nobody has taken it yet.", team=f"{words[:1].upper()}{words[1:]}"
        )
    return ""


def hit_summary(tickets: Sequence[LinkedTicket], policy: Policy) -> str:
    """`40 tickets from 38 customers (gold 5, standard 33)`: who is hit, without naming anybody."""
    count = len(tickets)
    return worded_count(
        "{count} ticket from {customers}",
        "{count} tickets from {customers}",
        count,
        customers=customers_hit(tickets, policy),
    )


def customers_hit(tickets: Sequence[LinkedTicket], policy: Policy) -> str:
    """`38 customers (gold 5, standard 33)`; without the tiers where nobody has one."""
    customers = {(item.ticket.ref.connection, item.ticket.requester.id): item.ticket.tier for item in tickets}
    tiers = Counter(tier or worded("no tier") for tier in customers.values())
    by_weight = sorted(tiers, key=lambda name: (-_weight(policy, name), name))
    people = len(customers)
    if not any(customers.values()):
        return customers_counted(people)
    shares = ", ".join(f"{name} {tiers[name]}" for name in by_weight)
    return f"{customers_counted(people)} ({shares})"


def ticket_line(ticket: Ticket) -> str:
    """`#4711 "Checkout fails with 503"`, redacted; only the number where nothing safe is left."""
    subject = safe_excerpt(ticket.subject, _SUBJECT_LIMIT)
    return f'#{ticket.ref.id} "{subject}"' if subject else f"#{ticket.ref.id}"


def ticket_links(tickets: Sequence[LinkedTicket], *, limit: int = 10) -> tuple[Link, ...]:
    """The first `limit` tickets that have an address at their helpdesk."""
    linked = [item.ticket for item in tickets if item.ticket.url]
    return tuple(
        Link(label=worded("Ticket #{ticket}", ticket=ticket.ref.id), url=ticket.url or "")
        for ticket in linked[:limit]
    )


def first_tickets(tickets: Sequence[LinkedTicket], *, limit: int = 5) -> str:
    """The first `limit` tickets in one line, and how many more there are."""
    shown = "; ".join(ticket_line(item.ticket) for item in tickets[:limit])
    more = len(tickets) - limit
    return worded("{shown}; and {more} more", shown=shown, more=more) if more > 0 else shown


def _weight(policy: Policy, tier: str) -> int:
    return policy.tiers[tier].weight if tier in policy.tiers else 0


def customers_counted(count: int) -> str:
    """`1 customer`, `9 customers`."""
    return worded_count("{count} customer", "{count} customers", count)


def tickets_counted(count: int) -> str:
    """`1 ticket`, `9 tickets`."""
    return worded_count("{count} ticket", "{count} tickets", count)


def and_more(found: int, shown: int) -> str:
    """` and 4 more` behind a list of which only so many are shown; "" where all are."""
    return worded(" and {more} more", more=found - shown) if found > shown else ""
