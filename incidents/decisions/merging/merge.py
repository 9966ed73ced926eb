"""One incident is merged into another: nobody is paged, told or promised twice, and all read where it goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from incidents.approval import ApprovalState, ApprovalSubject
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions import customers
from incidents.decisions.holding.hold import due_at_once, is_held, made_worse
from incidents.decisions.intake import Join, tickets_joined
from incidents.decisions.merging.carried import (
    carried_clocks,
    carried_updates,
    said_in_this_generation,
    withdrawn,
)
from incidents.decisions.participants.approval import expired
from incidents.decisions.participants.status_page import open_public
from incidents.decisions.posts import end_pages, notes_on, ringing, tell_engineers, tell_room
from incidents.decisions.updates.late import catch_up
from incidents.decisions.updates.said import seen_with
from incidents.effects import Effect, EffectKind
from incidents.errors import Refused
from incidents.lifecycle import MOVES, UNSETTLED, move
from incidents.models import Incident, IncidentState, JoinOrigin, Stage
from incidents.notes.notes import tickets_counted
from incidents.notes.states import state_words
from incidents.promises.updates import open_promises
from incidents.texts.plain_text import cut, one_line
from incidents.texts.team import worded
from incidents.texts.times import clock

S = IncidentState
_NOTE = 500
# How far it is on its way to the engineers. What is further along goes on: its page is out, and somebody may have it.
_HOW_FAR = {
    S.REPORTED: 0,
    S.VALIDATING: 0,
    S.CONFIRMED: 1,
    S.REOPENED: 1,
    S.MITIGATING: 2,
    S.ESCALATED: 3,
    S.ACKNOWLEDGED: 4,
    S.RESOLVED: 5,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Merging:
    """Who says that two incidents are one, and why, if they say so."""

    by: str
    why: str = ""

    @property
    def words(self) -> str:
        """` by Ada Agent: same error code`."""
        why = cut(one_line(self.why), _NOTE)
        return worded(" by {by}", by=cut(one_line(self.by), 100)) + (f": {why}" if why else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class MergePlans:
    """What becomes of the one that ends, and of the one that goes on."""

    loser: Plan
    survivor: Plan


def check_merge(loser: Incident, survivor: Incident) -> None:
    """Raises `Refused`, with what to do instead, where it makes no sense to merge the one into the other."""
    one, other = loser.name, survivor.name
    if loser.id == survivor.id:
        raise Refused(
            worded(
                "{one} cannot be merged into itself: name two incidents, as in `merge INC-7 INC-2`", one=one
            )
        )
    if loser.merged_into is not None:
        into = f"INC-{loser.merged_into}"
        raise Refused(
            worded(
                "{one} was merged into {into} already; to merge that one, say `merge {into} {other}`",
                one=one,
                into=into,
                other=other,
            )
        )
    if loser.state not in UNSETTLED:
        raise Refused(
            worded(
                "{one} is {state}: nothing is done in it any more that could go on in {other}",
                one=one,
                state=_words(loser),
                other=other,
            )
        )
    if survivor.state not in UNSETTLED:
        raise Refused(
            worded(
                "{other} is {state}, and {one} is not: leave {one} open until it works for its customers",
                other=other,
                state=_words(survivor),
                one=one,
            )
        )
    if survivor.state is S.CLOSING:
        raise Refused(
            worded(
                "{other} is being closed, its customers read that it works again: leave {one} open until "
                "it does for its customers, too",
                other=other,
                one=one,
            )
        )
    if S.MERGED not in MOVES[loser.state]:
        raise Refused(
            worded(
                "{one} is {state} and ends by itself; if both are one fault, say `merge {other} {one}` "
                "before",
                one=one,
                state=_words(loser),
                other=other,
            )
        )
    if _HOW_FAR[loser.state] > _HOW_FAR[survivor.state]:
        raise Refused(
            worded(
                "{one} ({state}) is further along than {other} ({other_state}): say `merge {other} {one}`, so "
                "that nobody is paged twice",
                one=one,
                state=_words(loser),
                other=other,
                other_state=_words(survivor),
            )
        )


def merge_plans(before: Case, loser: Case, survivor: Case, merging: Merging, basis: Basis) -> MergePlans:
    """What follows once everything of the loser is the survivor's.

    `before` is the loser as it was with its tickets, `loser` and `survivor` are as they are since those went along.
    """
    return MergePlans(
        loser=_ended(before, loser, survivor, merging, basis),
        survivor=_goes_on(before, survivor, merging, basis),
    )


def _ended(before: Case, case: Case, survivor: Case, merging: Merging, basis: Basis) -> Plan:
    name, other = case.incident.name, survivor.incident.name
    incident = replace(
        move(case.incident, S.MERGED, now=basis.now),
        merged_into=survivor.incident.id,
        next_stage=None,
        next_stage_at=None,
        next_update_at=None,
    )
    text = worded("{name} was merged into {other}{said}", name=name, other=other, said=merging.words)
    where = worded(
        "{text}. It goes on in {other}: this page is over, and is resolved", text=text, other=other
    )
    effects: list[Effect] = [
        *notes_on(case, ringing(case), "merged", where),
        *end_pages(case),
        *tell_room(
            case,
            basis.policy,
            "merged",
            worded(
                "{text}. It goes on {where}; what is said to Liaison here is about {other} from now on.",
                text=text,
                where=_where(survivor),
                other=other,
            ),
        ),
    ]
    return Plan(
        incident=incident,
        effects=tuple(effects),
        entries=(
            Entry(
                kind=EntryKind.MERGED,
                text=worded(
                    "Merged into {other}, with {tickets}{said}",
                    other=other,
                    tickets=tickets_counted(len(before.tickets)),
                    said=merging.words,
                ),
            ),
        ),
        updates=withdrawn(case.updates, now=basis.now),
    )


def _where(survivor: Case) -> str:
    name = survivor.incident.name
    rooms = [line for line in survivor.ledger if line.kind is EffectKind.CHAT_ROOM and line.detail]
    return (
        worded("in the room of {name} ({detail})", name=name, detail=rooms[-1].detail)
        if rooms
        else worded("in {name}", name=name)
    )


def _goes_on(before: Case, case: Case, merging: Merging, basis: Basis) -> Plan:
    name, their = case.incident.name, before.incident
    updates = carried_updates(before, case)
    incident = _with_what_was_promised(seen_with(case, updates), their)
    incident = replace(incident, owner=incident.owner or their.owner)
    public = open_public(before)
    if public is not None and case.line(public.key) is not None:
        # It goes on in this one, and has heard so much already.
        incident = replace(incident, updates_sent=max(incident.updates_sent, their.updates_sent))
    seen = replace(seen_with(case, updates), incident=incident)
    moved = {item.ticket.ref for item in before.tickets}
    joins = [
        Join(
            ticket=ticket,
            origin=JoinOrigin.AGENT,
            reason=worded("{merged} was merged into it", merged=their.name),
            severity=their.severity,
        )
        for ticket in customers.waiting(before)
    ]
    joined = tickets_joined(seen, joins, basis)
    text = worded(
        "{merged} was merged into {name} with {tickets}{said}",
        merged=their.name,
        name=name,
        tickets=tickets_counted(len(before.tickets)),
        said=merging.words,
    )
    entries = [Entry(kind=EntryKind.MERGED, text=text, actor=merging.by)]
    entries += [entry for entry in joined.entries if entry.kind is not EntryKind.JOINED]
    if case.incident.owner is None and joined.incident.owner is not None and their.owner is not None:
        entries.append(
            Entry(
                kind=EntryKind.OWNER,
                text=worded("Accountable: {owner}, who had {merged}", owner=their.owner, merged=their.name),
            )
        )
    effects: list[Effect] = [
        *joined.effects,
        *tell_engineers(seen, basis.policy, f"merged:{their.name}", text),
    ]
    if not said_in_this_generation(case) and updates:
        # The others' customers have heard of it already, and these have not.
        ours = [ticket for ticket in customers.waiting(case) if ticket.ref not in moved]
        effects += catch_up(replace(seen, incident=joined.incident), ours, basis)
    goes_on = made_worse(joined.incident, their.severity, now=basis.now)
    if goes_on.severity < joined.incident.severity:
        # None of its customers waits, whose ticket would have said so.
        raised = worded(
            "Severity raised from {before} to {after}, as {merged} had",
            before=joined.incident.severity,
            after=goes_on.severity,
            merged=their.name,
        )
        entries.append(Entry(kind=EntryKind.SEVERITY, text=raised))
    sooner = _waits_as_theirs(goes_on, their, now=basis.now)
    if sooner is not None:
        goes_on = replace(goes_on, held_until=sooner, next_stage_at=sooner)
        text = worded(
            "The page waits until {time}, as that of {merged} did", time=clock(sooner), merged=their.name
        )
        entries.append(Entry(kind=EntryKind.HELD, text=text))
    if _is_more_urgent(their, case.incident, now=basis.now):
        goes_on = due_at_once(goes_on, now=basis.now)
    plan = Plan(
        incident=goes_on,
        effects=tuple(effects),
        entries=tuple(entries),
        updates=updates,
        told_clocks=carried_clocks(before, case),
    )
    return _without_needless_question(seen, plan, their, basis)


def _waits_as_theirs(ours: Incident, their: Incident, *, now: datetime) -> datetime | None:
    """Until when our page waits where theirs would have come sooner; None where ours is as soon."""
    until = their.held_until
    if until is None or ours.held_until is None or until >= ours.held_until:
        return None
    return until if is_held(ours, now=now) and is_held(their, now=now) else None


def _is_more_urgent(their: Incident, ours: Incident, *, now: datetime) -> bool:
    """Whether a page of ours that waits would keep the other's waiting: that is worse, was opened again, or was due."""
    is_due = (
        their.next_stage is Stage.ESCALATION
        and their.next_stage_at is not None
        and their.next_stage_at <= now
    )
    return is_due or their.severity < ours.severity or their.generation > 1


def _with_what_was_promised(case: Case, their: Incident) -> Incident:
    incident = case.incident
    # What customers were told counts; else whoever of them is due first.
    promised = [one.next_by for one in open_promises(case.updates)]
    times = [at for at in promised or (incident.next_update_at, their.next_update_at) if at is not None]
    signs = [at for at in (incident.owner_seen_at, their.owner_seen_at) if at is not None]
    return replace(
        incident,
        next_update_at=min(times, default=None),
        owner_seen_at=max(signs, default=None),
    )


def _without_needless_question(seen: Case, plan: Plan, their: Incident, basis: Basis) -> Plan:
    """Whether the public may be told need not be asked where it reads of the other incident already."""
    subject = ApprovalSubject.STATUS_PAGE
    asked = [one for one in seen.approvals if one.state is ApprovalState.ASKED and one.subject is subject]
    if open_public(seen) is None:
        return plan
    for one in asked:
        over = expired(
            seen,
            one,
            basis,
            why=worded("the public reads of {merged} already, which is the same", merged=their.name),
        )
        plan = plan.with_question(over)
    return plan


def _words(incident: Incident) -> str:
    if incident.merged_into is not None:
        return worded("merged into {incident}", incident=f"INC-{incident.merged_into}")
    return state_words(incident.state)
