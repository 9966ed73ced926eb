"""Merging two incidents: both are locked, everything of the one becomes the other's, and what follows is written."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.case import OPENING, PROGRESS, Case, Plan, outbound_lines
from incidents.decisions.merging.merge import Merging, check_merge, merge_plans
from incidents.decisions.participants.issue import issue_key
from incidents.decisions.participants.monitors import with_monitors_of_merged
from incidents.decisions.participants.status_page import open_public
from incidents.decisions.participants.taking_part import with_participants
from incidents.errors import NotFound
from incidents.promises.keeping import TicketTransition
from incidents.step import Step
from incidents.store.alerts import episodes_of
from incidents.store.cases import load_cases, write_plans
from incidents.store.inbox.drains import take_turns
from incidents.store.merging.handing import Handing, hand_on, where_it_goes_on
from incidents.store.sla.keeping import Kept, keep_incidents, keep_tickets
from incidents.texts.team import worded, worded_count


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """What to say of it, and whether it is new. `loser` and `survivor` may have something to send now."""

    said: str
    is_new: bool
    loser: int
    survivor: int


async def merge(step: Step, loser_id: int, survivor_id: int, merging: Merging) -> Merged:
    """Merge the one into the other, or into what that one was merged into. Said twice, it is done once.

    Takes turns with whoever joins tickets, so that none is left behind. Raises `NotFound`, and `Refused` with what to
    do instead.
    """
    await take_turns(step.connection)
    survivor_id = await where_it_goes_on(step.connection, survivor_id)
    cases = await load_cases(step.connection, [loser_id, survivor_id], lock=True)
    for number in (loser_id, survivor_id):
        if number not in cases:
            raise NotFound(worded("there is no INC-{number}", number=number))
    before, survivor = cases[loser_id], cases[survivor_id]
    one, other = before.incident.name, survivor.incident.name
    if before.incident.merged_into == survivor_id:
        return Merged(
            said=worded("{one} was merged into {other} already.", one=one, other=other),
            is_new=False,
            loser=loser_id,
            survivor=survivor_id,
        )
    check_merge(before.incident, survivor.incident)
    is_heard = bool(step.policy.alerts.acknowledge)
    alerts = await episodes_of(step.connection, loser_id) if is_heard else ()
    await hand_on(step.connection, _handing(before, survivor), now=step.now)
    cases = await load_cases(step.connection, [loser_id, survivor_id], lock=True)
    loser, survivor = cases[loser_id], cases[survivor_id]
    plans = merge_plans(before, loser, survivor, merging, step.basis)
    goes_on = with_monitors_of_merged(before, survivor, plans.survivor, alerts, step.basis)
    await _write(step, [(loser, plans.loser), (survivor, goes_on)])
    await _keep_their_tickets(step, before, survivor, plans.survivor)
    count = len(before.tickets)
    said = worded_count(
        "{one} was merged into {other}, with {count} ticket. {other} goes on.",
        "{one} was merged into {other}, with {count} tickets. {other} goes on.",
        count,
        one=one,
        other=other,
    )
    return Merged(said=said, is_new=True, loser=loser_id, survivor=survivor_id)


def _handing(loser: Case, survivor: Case) -> Handing:
    return Handing(
        loser=loser.incident.id,
        survivor=survivor.incident.id,
        told_there=loser.once(PROGRESS),
        told_here=survivor.once(PROGRESS),
        issue_there=issue_key(loser),
        issue_here=issue_key(survivor),
        takes_public=open_public(loser) is not None and open_public(survivor) is None,
        told_unasked=tuple(one.address for one in loser.affected if outbound_lines(loser, one.mark, OPENING)),
    )


async def _write(step: Step, decided: list[tuple[Case, Plan]]) -> None:
    kept = [Kept(case=case, plan=with_participants(case, plan, step.basis)) for case, plan in decided]
    await write_plans(step, [(one.case.incident, one.plan) for one in kept])
    await keep_incidents(step, kept)


async def _keep_their_tickets(step: Step, before: Case, survivor: Case, plan: Plan) -> None:
    """Where the survivor is the worse one, what is promised to the loser's tickets is promised anew. Where the loser
    was, the survivor's change of severity has seen to its own."""
    severity = plan.incident.severity
    if (
        step.policy.sla.concerns_tickets
        and severity == survivor.incident.severity != before.incident.severity
    ):
        changes = [
            TicketTransition(before=item.ticket, after=item.ticket, severity=severity)
            for item in before.tickets
        ]
        await keep_tickets(step, changes)
