"""A person's word that engineers are needed now: no action is tried, no proof awaited, and no page waits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, LedgerLine, Plan
from incidents.decisions.escalation import BY_WORD, mobilise, next_level
from incidents.decisions.holding.hold import made_worse
from incidents.decisions.posts import page_notes, tell_engineers, tell_room
from incidents.decisions.ticket_news import can_reopen
from incidents.effects import EffectKind, EffectState
from incidents.lifecycle import WITH_ENGINEERS, reopen
from incidents.models import Severity
from incidents.notes.context import escalate_button
from incidents.notes.next_rung import next_rung, rung_mark
from incidents.notes.notes import team_words
from incidents.notes.states import state_words
from incidents.texts.team import worded
from incidents.texts.times import duration


@dataclass(frozen=True, kw_only=True, slots=True)
class EscalationWord:
    """Who says so, with where and why (`Ada in a note on #7: nobody can pay`); `severity` where they name one, and
    `mark` tells it from any other. With `is_next` the next one of the ladder is woken where the team was; `rung` is
    how far it was climbed when a button was made that asks for it, "" for a person's words."""

    by: str
    severity: Severity | None = None
    mark: str = ""
    is_next: bool = False
    rung: str = ""


def escalated_by_word(case: Case, word: EscalationWord, basis: Basis) -> Plan:
    """Page the team, also of one that was called fixed lately. One that engineers have is at most made worse; any other
    is left as it is."""
    incident, entries = case.incident, []
    is_back = can_reopen(incident, basis)
    if is_back:
        incident = reopen(incident, now=basis.now)
        entries.append(
            Entry(kind=EntryKind.REOPENED, text=worded("Opened again by {by}", by=word.by), actor=word.by)
        )
    is_with_engineers = incident.state in WITH_ENGINEERS
    if not is_with_engineers and incident.state not in BY_WORD:
        return Plan(incident=case.incident)
    if word.severity is not None and word.severity < incident.severity:
        text = worded(
            "Severity raised from {before} to {after} by {by}",
            before=incident.severity,
            after=word.severity,
            by=word.by,
        )
        entries.append(Entry(kind=EntryKind.SEVERITY, text=text, actor=word.by))
        incident = made_worse(incident, word.severity, now=basis.now)
    seen = replace(case, incident=incident)
    if is_with_engineers:
        told = tell_engineers(seen, basis.policy, f"severity:{word.mark}", entries[0].text) if entries else ()
        plan = Plan(incident=incident, effects=tuple(told), entries=tuple(entries))
        return _next_one_too(seen, plan, word, basis) if word.is_next else plan
    plan = mobilise(seen, basis, why=worded("escalated by {by}", by=word.by))
    return replace(plan, entries=(*entries, *plan.entries))


def _next_one_too(case: Case, plan: Plan, word: EscalationWord, basis: Basis) -> Plan:
    """The next of the ladder is woken besides; room and pages hear it, with a button for the one after. The plan as it
    is where nobody is left, or somebody was woken since the button was made."""
    if word.rung not in ("", rung_mark(case)):
        return plan
    climbed = next_level(case, basis, plan)
    if climbed is plan:
        return plan
    page, entry = climbed.effects[-1], climbed.entries[-1]
    said = worded("{paged}, escalated by {by}", paged=entry.text, by=word.by)
    line = LedgerLine(
        key=page.key,
        kind=page.kind,
        state=EffectState.PENDING,
        connection=page.connection,
        target=page.target,
    )
    after = replace(case, incident=climbed.incident, ledger=(*case.ledger, line))
    what = f"next:{word.mark}"
    told = (
        *tell_room(case, basis.policy, what, said, buttons=escalate_button(after, basis.policy)),
        *page_notes(case, what, said),
    )
    return replace(
        climbed,
        effects=(*climbed.effects, *told),
        entries=(*climbed.entries[:-1], replace(entry, text=said)),
    )


def escalation_words(before: Case, plan: Plan, word: EscalationWord, basis: Basis) -> str:
    """What came of it, for whoever said it."""
    incident, name = plan.incident, plan.incident.name
    team = basis.policy.team_of(incident.service).title
    mild = (
        worded(
            " It stays severity {severity}, which is worse than {said}.",
            severity=incident.severity,
            said=word.severity,
        )
        if word.severity is not None and word.severity > incident.severity
        else ""
    )
    if before.incident.state in WITH_ENGINEERS:
        since = duration(basis.now - before.incident.state_since)
        who = (
            worded("{responder} has it", responder=incident.responder)
            if incident.responder
            else worded("nobody has taken it yet, {since} after the page", since=since)
        )
        raised = (
            worded(" It is severity {severity} now.", severity=incident.severity)
            if incident.severity < before.incident.severity
            else mild
        )
        if word.is_next:
            return f"{name}: {_next_words(before, plan, word, basis)}; {who}.{raised}"
        following = next_rung(before, basis.policy)
        further = (
            worded(" To wake {following}, too, say `escalate next`.", following=following.title)
            if following
            else ""
        )
        return worded(
            "{name}: {team} was paged already; {who}.{raised}{further}",
            name=name,
            team=team_words(team),
            who=who,
            raised=raised,
            further=further,
        )
    if incident.state in WITH_ENGINEERS:
        return worded(
            "{name} (severity {severity}): {team} is being paged now.{mild}",
            name=name,
            severity=incident.severity,
            team=team_words(team),
            mild=mild,
        )
    return worded(
        "{name} is {state}: nothing was done. To say that it is another fault: split",
        name=name,
        state=state_words(incident.state),
    )


def _next_words(before: Case, plan: Plan, word: EscalationWord, basis: Basis) -> str:
    """Whom it woke besides, or why nobody."""
    following = next_rung(before, basis.policy)
    if any(effect.kind is EffectKind.PAGE for effect in plan.effects) and following is not None:
        return worded("{following} is being paged now, too", following=following.title)
    if following is None:
        team = team_words(basis.policy.team_of(before.incident.service).title)
        return worded("nobody further is named for {team}, so nobody more was woken", team=team)
    return worded(
        "nobody more was woken, as somebody was since that button was made; `escalate next` "
        "wakes {following}",
        following=following.title,
    )
