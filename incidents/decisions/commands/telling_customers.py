"""What an agent has all waiting customers told: when they hear from us next, or words of the agent's own.

It goes out by the policy's templates, at most once a ticket, and counts as an update that was promised.
"""

from __future__ import annotations

from dataclasses import replace

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.commands.asked import Asked
from incidents.commands.moments import moment_meant
from incidents.commands.words import PromiseBy
from incidents.decisions import customers
from incidents.decisions.updates.lapsing import text_now
from incidents.decisions.updates.said import say
from incidents.errors import Refused
from incidents.lifecycle import OWES_UPDATES, UNSETTLED
from incidents.models import Incident, IncidentState, Ticket
from incidents.notes.notes import customers_counted
from incidents.notes.states import state_words
from incidents.promises.updates import UpdateKind
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.plain_text import one_line
from incidents.texts.team import worded
from incidents.texts.times import clock, minute_of

LONGEST = 1_500
"""Characters of an agent's words to customers."""
_LINES = 20


def promise(case: Case, asked: Asked, wanted: PromiseBy, basis: Basis) -> Plan:
    """Tell them by when they hear from us, and hold us to it. Raises `Refused` where nobody is to be told, or the time
    makes no sense."""
    incident = case.incident
    if incident.state not in OWES_UPDATES:
        raise Refused(
            worded(
                "{incident} is {state}: updates are promised while engineers have it. Escalate it first, "
                "or answer your customer yourself",
                incident=incident.name,
                state=_state(incident),
            )
        )
    waiting = _waiting(case)
    # As its author reckoned: "45m" from when it was written, not from when it was heard.
    moment = moment_meant(wanted, now=min(asked.at, basis.now), zone=basis.policy.commands.timezone)
    if moment <= basis.now:
        raise Refused(worded("{time} has passed by now; name a later time", time=clock(minute_of(moment))))
    incident = replace(incident, next_update_at=moment, updates_sent=incident.updates_sent + 1)
    seen = replace(case, incident=incident)
    chosen = text_now(seen, basis)
    said = say(seen, waiting, basis, wording=chosen.wording, what=chosen.what, kind=chosen.kind)
    by = clock(minute_of(moment))
    text = worded(
        "{customers} told that they hear from us by {time} (promised by {by} {where})",
        customers=_customers(waiting),
        time=by,
        by=asked.by,
        where=asked.where,
    )
    entry = Entry(kind=EntryKind.UPDATE, text=text, actor=asked.by)
    return Plan(incident=incident, effects=said.effects, entries=(entry,), updates=said.updates)


def tell_customers(case: Case, asked: Asked, words: str, basis: Basis) -> Plan:
    """Tell them this. Raises `Refused` where nobody is to be told, or where the words have what not all may read."""
    incident = case.incident
    if incident.state not in UNSETTLED or incident.state is IncidentState.CLOSING:
        raise Refused(
            worded(
                "{incident} is {state}: its customers were told that it is over",
                incident=incident.name,
                state=_state(incident),
            )
        )
    waiting = _waiting(case)
    words = words.strip()
    if len(words) > LONGEST or len(words.splitlines()) > _LINES:
        raise Refused(
            worded(
                "that is too long for customers: at most {characters} characters and {lines} lines; nothing "
                "was sent",
                characters=LONGEST,
                lines=_LINES,
            )
        )
    clean = safe_excerpt(words, LONGEST + 200)
    if one_line(clean) != one_line(words):
        raise Refused(
            worded(
                "that has something in it that not every customer may read, so nothing was sent. Without "
                "it: update {clean}",
                clean=clean or worded("(nothing is left)"),
            )
        )
    if incident.state in OWES_UPDATES:
        incident = replace(incident, next_update_at=customers.next_update_at(incident, basis))
    seen = replace(case, incident=incident)
    said = say(
        seen,
        waiting,
        basis,
        wording=basis.policy.templates.customer.words_text,
        what=f"words:{asked.mark}",
        kind=UpdateKind.WORDS,
        words=clean,
    )
    text = worded(
        "{customers} told {where} by {by}: {clean}",
        customers=_customers(waiting),
        where=asked.where,
        by=asked.by,
        clean=clean,
    )
    entry = Entry(kind=EntryKind.UPDATE, text=text, actor=asked.by)
    return Plan(incident=incident, effects=said.effects, entries=(entry,), updates=said.updates)


def _waiting(case: Case) -> list[Ticket]:
    found = list(customers.waiting(case))
    if not found:
        raise Refused(
            worded(
                "no customer of {incident} waits: all its tickets are solved or gone",
                incident=case.incident.name,
            )
        )
    return found


def _customers(waiting: list[Ticket]) -> str:
    return customers_counted(len(waiting))


def _state(incident: Incident) -> str:
    return state_words(incident.state)
