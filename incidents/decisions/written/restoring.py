"""A ticket's status that was not its maker's to change: set back, or left, and told in any case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind
from incidents.decisions.posts import tell_engineers
from incidents.decisions.telling import digest
from incidents.decisions.ticket_change import TicketNews
from incidents.effects import Effect, ticket_status, value_hash
from incidents.lifecycle import WORKS_AGAIN
from incidents.models import TicketStatus
from incidents.notes.notes import and_more
from incidents.texts.team import worded, worded_count

MOST = 3
"""So often a status is set back within `WITHIN`: what goes on changing it is no person, and would never give in."""
WITHIN = timedelta(hours=1)


def is_refused(case: Case, item: TicketNews) -> bool:
    """Whether a ticket's change is refused: never one that came with a customer's word, nor one of an incident that is
    not over. What is not over has no last status, and a customer who writes is never shut out."""
    return (
        item.status_is_refused
        and item.before is not None
        and item.before.status.is_settled != item.after.status.is_settled
        and case.incident.state in WORKS_AGAIN
        and not any(comment.is_a_customers_word for comment in item.comments)
    )


def refused_changes(case: Case, news: Sequence[TicketNews], basis: Basis) -> tuple[list[Entry], list[Effect]]:
    """What is told of those that are refused, and the writes that set them back if the policy says so."""
    refused = [item for item in news if is_refused(case, item)]
    if not refused:
        return [], []
    restored = [item for item in refused if _is_to_be_restored(item, basis)]
    left = [item for item in refused if item not in restored]
    effects: list[Effect] = []
    for item in restored:
        what = f"restored:{digest(str(item.after.ref), str(item.after.version))}"
        effects.append(ticket_status(case.incident.id, item.after, case.once(what), _ours(item)))
    entries: list[Entry] = []
    for items, end in ((restored, worded("set back, as the policy says")), (left, _why_left(basis))):
        if items:
            text = worded_count(
                "{count} ticket changed by somebody else, {end}: {tickets}",
                "{count} tickets changed by somebody else, {end}: {tickets}",
                len(items),
                end=end,
                tickets=_names(items),
            )
            what = f"refused:{digest(*(f'{item.after.ref}@{item.after.version}' for item in items))}"
            entries.append(Entry(kind=EntryKind.TICKETS, text=text))
            effects += tell_engineers(case, basis.policy, what, text)
    return entries, effects


def _is_to_be_restored(item: TicketNews, basis: Basis) -> bool:
    if basis.policy.sync.refused != "restore":
        return False
    lately = [write for write in item.our_statuses if write.at > basis.now - WITHIN]
    # The first write of these set the status; each further one has set it back.
    return len(lately) <= MOST


def _why_left(basis: Basis) -> str:
    if basis.policy.sync.refused != "restore":
        return worded("left as it is, as the policy says")
    return worded(
        "left as it is: it was set back {times} times within the hour, and something goes on changing it",
        times=MOST,
    )


def _ours(item: TicketNews) -> TicketStatus:
    """The status that we wrote last."""
    hashes = {value_hash(status): status for status in TicketStatus}
    return hashes[item.our_statuses[-1].hash]


def _names(items: Sequence[TicketNews]) -> str:
    return ", ".join(f"#{item.after.ref.id}" for item in items[:10]) + and_more(len(items), 10)
