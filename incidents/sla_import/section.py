"""A helpdesk's service levels as the section `sla` of a policy file, with a report of all that is not the same.

Nothing is guessed: what has no word in a policy file is left out, and told with the reason and the cure. What is
promised to single tickets stays so (`applies_to: ticket`). Priorities become severities by one rule: urgent is 1,
high 2, normal 3, low 4, which is what `sla.priorities` says of a ticket unless its incident's severity is worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from incidents.errors import NotFound
from incidents.imports.names import Names
from incidents.imports.policy_yaml import policy_yaml
from incidents.imports.report import Fate, Imported, ImportLine, called
from incidents.models import Severity
from incidents.policy.policy import Policy
from incidents.policy.sla.overlap import never_chosen
from incidents.service_levels import ConditionKind, LevelPolicy, ServiceLevels
from incidents.sla.calendars import ALWAYS
from incidents.sla.facts import folded
from incidents.sla_import.calendars import ImportedCalendar, calendars_from
from incidents.sla_import.conditions import (
    SEVERITIES,
    Alternative,
    alternatives_of,
)
from incidents.sla_import.report import left
from incidents.sla_import.targets import (
    Counting,
    Terms,
    terms_of,
)

_PRIORITY = {severity: priority for priority, severity in SEVERITIES.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Promise:
    """A helpdesk's policy as we understand it, and what there is to tell about that.

    Without alternatives it cannot be said for whom it is; severities without terms are promised nothing.
    """

    policy: LevelPolicy
    alternatives: tuple[Alternative, ...]
    terms: Mapping[Severity, Terms]
    notes: tuple[ImportLine, ...]


def sla_section(levels: ServiceLevels, policy: Policy, *, schedule: str | None = None) -> Imported:
    """The section for this policy file: of its tiers, and in its words.

    `schedule` names the schedule (or its id) that business hours are counted by where there are several.
    Raises `NotFound` if there is no such schedule.
    """
    calendars, calendar_lines = calendars_from(levels.schedules)
    counting = _counting(levels, calendars, schedule)
    lines = [
        *_rule(policy),
        *(left("", one) for one in levels.unread),
        *calendar_lines,
        *_chosen(levels, schedule),
    ]
    promises = [_promise(one, policy, counting) for one in levels.policies]
    policies, written = _policies(promises, {folded(tier): tier for tier in reversed(policy.tiers)})
    section: dict[str, Any] = {}
    if calendars:
        section["calendars"] = {one.name: one.section for one in calendars}
    if policies:
        section["policies"] = policies
    return Imported(text=policy_yaml({"sla": section}), lines=(*lines, *written))


def _promise(level: LevelPolicy, policy: Policy, counting: Counting) -> _Promise:
    what = called("SLA policy", level.name)
    alternatives, words = alternatives_of(level, list(policy.tiers))
    terms, noted = terms_of(level, counting)
    notes = (*words, *(left(what, unread) for unread in level.unread), *noted)
    return _Promise(policy=level, alternatives=alternatives, terms=terms, notes=notes)


def _rule(policy: Policy) -> list[ImportLine]:
    words = ", ".join(f"{priority} is {int(severity)}" for priority, severity in SEVERITIES.items())
    lines = [
        ImportLine(
            fate=Fate.TAKEN,
            what="priorities",
            words=f"as severities: {words} (sla.priorities); where its incident's severity is worse, a ticket has that",
        )
    ]
    if policy.sla.policies or policy.sla.calendars:
        own = f"{len(policy.sla.policies)} policies and {len(policy.sla.calendars)} calendars"
        cure = "put the new ones in their place, or join them by hand; everything else under sla stays"
        lines.append(ImportLine(fate=Fate.DIFFERS, what="the policy file", words=f"it has {own}", cure=cure))
    return lines


def _chosen(levels: ServiceLevels, schedule: str | None) -> list[ImportLine]:
    if schedule is None or len(levels.schedules) < 2:
        return []
    words = f"they all count by {schedule[:60]!r}, whichever schedule a trigger gives a ticket"
    cure = "write policies of their own for tickets that have another"
    return [ImportLine(fate=Fate.DIFFERS, what="business hours", words=words, cure=cure)]


def _counting(levels: ServiceLevels, calendars: Sequence[ImportedCalendar], schedule: str | None) -> Counting:
    """Which schedule a ticket has is set by the helpdesk's triggers, and so cannot be read from its policies."""
    usable = {one.schedule.id: one for one in calendars}
    named = levels.schedules
    if schedule is not None:
        named = tuple(one for one in named if folded(schedule) in (folded(one.name), folded(one.id)))
        if not named:
            known = ", ".join(repr(one.name) for one in levels.schedules) or "none"
            raise NotFound(f"there is no schedule {schedule[:60]!r} in the helpdesk; there is: {known}")
    if not named:
        return Counting(calendar=None, why="there is no schedule", cure="make one in the helpdesk")
    if len(named) > 1:
        why = f"there are {len(named)} schedules, and a trigger gives each ticket one of them"
        cure = "choose the one that promises count by: --schedule NAME or its id"
        return Counting(calendar=None, why=why, cure=cure)
    if named[0].id not in usable:
        why = f"its {called('schedule', named[0].name)} could not be taken over"
        return Counting(calendar=None, why=why, cure="see there")
    return Counting(calendar=usable[named[0].id].calendar)


def _policies(
    promises: Sequence[_Promise], tiers: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[ImportLine]]:
    """The policies in the helpdesk's order, each alternative and each set of equal terms one of its own."""
    names = Names()
    policies: list[dict[str, Any]] = []
    lines: list[ImportLine] = []
    reachable = _reachable(promises)
    for place, promise in enumerate(promises):
        lines += promise.notes
        if not promise.alternatives:
            continue
        made: list[str] = []
        for number, alternative in enumerate(promise.alternatives):
            severities = [one for one in sorted(promise.terms) if (place, number, one) in reachable]
            groups = _equal(severities, promise.terms)
            for group in groups:
                suffix = "" if len(groups) == 1 else "".join(f"-{_PRIORITY[one]}" for one in group)
                name = names.name(promise.policy.name, otherwise=f"policy-{promise.policy.id}", suffix=suffix)
                terms = promise.terms[group[0]]
                policies.append(_policy(name, group, alternative, terms, tiers))
                made.append(name)
        lines.append(_fate(promise, made))
        lines += _fallen_through(place, promises, reachable)
    return policies, lines


def _fate(promise: _Promise, made: Sequence[str]) -> ImportLine:
    what = called("SLA policy", promise.policy.name)
    if made:
        return ImportLine(fate=Fate.TAKEN, what=what, words=f"as {', '.join(made)}")
    if any(one.severities & set(promise.terms) for one in promise.alternatives):
        words = "it is never chosen: the policies before it take all its tickets"
        return ImportLine(fate=Fate.LEFT, what=what, words=words)
    words = "it has no target that can be said for the tickets it is for"
    return ImportLine(
        fate=Fate.LEFT, what=what, words=words, cure="look at its targets, and write it by hand"
    )


_Reachable = frozenset[tuple[int, int, Severity]]
"""By promise, alternative and severity."""


def _reachable(promises: Sequence[_Promise]) -> _Reachable:
    """Those that some ticket has. A policy takes its tickets from those after it also where it promises nothing."""
    places = [
        (place, number, severity)
        for place, promise in enumerate(promises)
        for number, alternative in enumerate(promise.alternatives)
        for severity in sorted(alternative.severities)
    ]
    criteria = [promises[place].alternatives[number].criteria(severity) for place, number, severity in places]
    never = {index for index, _ in never_chosen(criteria)}
    return frozenset(one for index, one in enumerate(places) if index not in never)


def _fallen_through(place: int, promises: Sequence[_Promise], reachable: _Reachable) -> list[ImportLine]:
    """Where the helpdesk promises nothing, because it stops at this policy, and the policy file goes on."""
    promise = promises[place]
    fallen: dict[str, list[Severity]] = {}
    for later in range(place + 1, len(promises)):
        other = promises[later]
        for severity in sorted(set(other.terms) - set(promise.terms)):
            if any(
                (place, mine, severity) in reachable
                and (later, theirs, severity) in reachable
                and one.meets(another)
                for mine, one in enumerate(promise.alternatives)
                for theirs, another in enumerate(other.alternatives)
            ):
                fallen.setdefault(other.policy.name, []).append(severity)
    return [
        ImportLine(
            fate=Fate.DIFFERS,
            what=f"{called('SLA policy', promise.policy.name)} ({', '.join(_PRIORITY[one] for one in severities)})",
            words=f"it promises them nothing, and the policy file goes on to {called('policy', name)}",
            cure="narrow that one if they shall have no promise",
        )
        for name, severities in fallen.items()
    ]


def _equal(severities: Sequence[Severity], terms: Mapping[Severity, Terms]) -> list[list[Severity]]:
    """The severities with equal terms together, worst first."""
    groups: dict[Terms, list[Severity]] = {}
    for severity in severities:
        groups.setdefault(terms[severity], []).append(severity)
    return list(groups.values())


def _policy(
    name: str,
    severities: Sequence[Severity],
    alternative: Alternative,
    terms: Terms,
    tiers: Mapping[str, str],
) -> dict[str, Any]:
    when: dict[str, Any] = {"applies_to": "ticket", "severity": [int(one) for one in severities]}
    for kind, words in alternative.words.items():
        if words:
            spelt = (tiers[word] if kind is ConditionKind.TIER else word for word in words)
            when[str(kind)] = sorted(spelt)
    policy: dict[str, Any] = {"name": name, "when": when}
    if terms.calendar != ALWAYS.name:
        policy["calendar"] = terms.calendar
    policy["targets"] = {str(metric): _duration(seconds) for metric, seconds in terms.targets}
    if terms.pauses:
        policy["pause_on"] = [str(state) for state in terms.pauses]
    return policy


def _duration(seconds: int) -> str:
    """`1h30m`; without days, which people would take for working days."""
    parts = (("h", seconds // 3600), ("m", seconds % 3600 // 60), ("s", seconds % 60))
    return "".join(f"{number}{unit}" for unit, number in parts if number)
