"""Tickets that change under an incident: gone, merged, back again, or of another customer than before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from incidents.case import Case, Entry, EntryKind
from incidents.decisions.posts import tell_engineers
from incidents.decisions.ticket_change import TicketNews
from incidents.effects import Effect, ticket_note
from incidents.lifecycle import UNSETTLED
from incidents.models import Departure
from incidents.notes.notes import and_more
from incidents.policy.policy import Policy
from incidents.texts.messages import internal
from incidents.texts.team import sentence, worded, worded_as, worded_count

_GONE = {
    Departure.DELETED: sentence("deleted at the helpdesk"),
    Departure.SPAM: sentence("marked as spam"),
    Departure.SUSPENDED: sentence("its customer was suspended"),
    Departure.MERGED: sentence("merged into another ticket"),
    Departure.FORGOTTEN: sentence("erased at its customer's wish"),
}
_NAMED = 10


def departures(case: Case, news: Sequence[TicketNews], policy: Policy) -> tuple[list[Entry], list[Effect]]:
    """What became of tickets that left or came back; and, when none is left, whether it is still an incident."""
    entries: list[Entry] = []
    effects: list[Effect] = []
    left = [item for item in news if item.has_left]
    for why in Departure:
        items = [item for item in left if item.after.gone is why]
        if items:
            text = worded_count(
                "{count} ticket is gone ({why}): {tickets}; nothing is owed on it any more",
                "{count} tickets are gone ({why}): {tickets}; nothing is owed on them any more",
                len(items),
                why=gone_words(why),
                tickets=_names(items),
            )
            entries.append(Entry(kind=EntryKind.TICKETS, text=text))
            effects += _tell(case, policy, items, entries[-1])
    back = [item for item in news if item.is_back]
    if back:
        text = worded_count(
            "{count} ticket is back again: {tickets}; promises to it begin anew",
            "{count} tickets are back again: {tickets}; promises to them begin anew",
            len(back),
            tickets=_names(back),
        )
        entries.append(Entry(kind=EntryKind.TICKETS, text=text))
        effects += _tell(case, policy, back, entries[-1])
    if left and _is_empty(case, left) and case.incident.state in UNSETTLED:
        entry, told = nothing_left(case, policy, _digest(left))
        entries.append(entry)
        effects += told
    return entries, effects


def gone_words(why: Departure) -> str:
    """Why nothing is owed on a ticket any more."""
    return worded_as(_GONE[why])


def nothing_left(case: Case, policy: Policy, mark: str) -> tuple[Entry, list[Effect]]:
    """Whoever works on it, and its owner, are asked whether it is still an incident; once for what `mark` names."""
    owner = case.incident.owner or worded("nobody yet")
    text = worded(
        "{incident} has no ticket left. Its owner ({owner}) is asked: is it still an incident? "
        "If not, resolve it; if so, nothing needs to be done.",
        incident=case.incident.name,
        owner=owner,
    )
    return Entry(kind=EntryKind.NO_TICKET_LEFT, text=text), tell_engineers(
        case, policy, f"empty:{mark}", text
    )


def new_customers(case: Case, news: Sequence[TicketNews]) -> tuple[list[Entry], list[Effect]]:
    """A ticket whose requester was changed: what was written before went to somebody else, and the agent must know."""
    entries: list[Entry] = []
    effects: list[Effect] = []
    for item in news:
        if not item.has_another_customer:
            continue
        ref = item.after.ref
        entries.append(
            Entry(
                kind=EntryKind.TICKETS,
                text=worded(
                    "#{ref} has another customer than before; messages go to the new one now", ref=ref.id
                ),
            )
        )
        note = internal(
            worded(
                "{incident}: this ticket's customer was changed. What was written here so far went to "
                "the one before; further messages go to the new one. A message that was on its way is "
                "held for you.",
                incident=case.incident.name,
            )
        )
        what = f"customer:{hashlib.sha256(item.after.requester.id.encode()).hexdigest()[:16]}"
        effects.append(ticket_note(case.incident.id, ref, case.once(what), note))
    return entries, effects


def _is_empty(case: Case, left: Sequence[TicketNews]) -> bool:
    """A merged ticket whose survivor is known goes on in that one."""
    gone = {item.after.ref for item in left}
    if any(item.after.merged_into is not None for item in left):
        return False
    return all(item.ticket.ref in gone for item in case.present)


def _names(items: Sequence[TicketNews]) -> str:
    """Of a chunk the first: nobody reads two hundred."""
    return ", ".join(_name(item) for item in items[:_NAMED]) + and_more(len(items), _NAMED)


def _tell(case: Case, policy: Policy, items: Sequence[TicketNews], entry: Entry) -> list[Effect]:
    return tell_engineers(case, policy, f"departed:{_digest(items)}", entry.text)


def _name(item: TicketNews) -> str:
    into = (
        worded(" into #{merged_into}", merged_into=item.after.merged_into)
        if item.after.merged_into is not None
        else ""
    )
    return f"#{item.after.ref.id}{into}"


def _digest(items: Sequence[TicketNews]) -> str:
    marks = sorted(f"{item.after.ref}@{item.after.version}:{item.after.gone}" for item in items)
    return hashlib.sha256("\x00".join(marks).encode("utf-8", "replace")).hexdigest()[:16]
