"""What an on-call tool has as a whole policy file: people, rotas, teams and services, with a report of all that is not
the same.

Nothing is guessed: what has no word in a policy file is left out, and told with the reason and the cure. The file loads
as it is, so that `liaison oncall --policy` can be held against the tool before anything is switched over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incidents.errors import Refused
from incidents.imports.escalations import FoldedEscalations, folded_escalations
from incidents.imports.names import Names
from incidents.imports.on_call_setup import (
    OnCallSetup,
    TargetKind,
    ToolEscalation,
    ToolLayer,
    ToolPerson,
    ToolRota,
    ToolTarget,
    ToolTeam,
)
from incidents.imports.policy_yaml import policy_yaml
from incidents.imports.report import Fate, Imported, ImportLine, called
from incidents.imports.rota_sections import rota_sections
from incidents.texts.plain_text import one_line

LONGEST_TITLE = 100
_ANY_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 - by the clock of the rota's zone


@dataclass(frozen=True, kw_only=True, slots=True)
class SetupNames:
    """What cannot be read from the tool: the connection that pages, and the helpdesk."""

    pager: str
    helpdesk: str


def policy_text(setup: OnCallSetup, names: SetupNames, *, now: datetime) -> Imported:
    """The policy file. Raises `Refused` where nothing is found that it could page."""
    keys, keyed_people = Names(), {}
    used = _used_people(setup)
    people = [one for one in setup.people if one.id in used]
    for person in people:
        keyed_people[person.id] = keys.name(person.name, otherwise=f"person-{person.id}")
    rotas = rota_sections(setup.rotas, keyed_people, keys, now=now)
    known = frozenset(
        [ToolTarget(kind=TargetKind.PERSON, id=one) for one in keyed_people]
        + [ToolTarget(kind=TargetKind.ROTA, id=one) for one in rotas.names]
    )
    folded = folded_escalations(setup.escalations, known)
    alone = rota_sections([_alone(one) for one in folded.alone], keyed_people, keys, now=now)
    target_names = {
        **{ToolTarget(kind=TargetKind.PERSON, id=one): key for one, key in keyed_people.items()},
        **{ToolTarget(kind=TargetKind.ROTA, id=one): key for one, key in (rotas.names | alone.names).items()},
    }
    sections = {**rotas.sections, **alone.sections}
    _add_next_levels(sections, folded, target_names)
    people_lines = [_person_line(one, keyed_people[one.id]) for one in people]
    teams, services, lines = _teams_and_services(setup, names, folded, target_names)
    if not teams:
        told = "; ".join(line.text for line in (*setup.lines, *rotas.lines, *folded.lines, *lines)[:5])
        raise Refused(f"nothing was found that a policy could page: {told or 'no schedule and no user'}")
    document = {
        "helpdesks": [names.helpdesk],
        "services": services,
        "teams": teams,
        "people": {keyed_people[one.id]: _person(one, keyed_people[one.id], folded.wait) for one in people},
        "rotas": sections,
    }
    text = policy_yaml({key: value for key, value in document.items() if value})
    told_lines = (*setup.lines, *people_lines, *rotas.lines, *alone.lines, *folded.lines, *lines)
    return Imported(text=text, lines=told_lines)


def title_of(name: str, otherwise: str) -> str:
    """The name for people, on one line."""
    return one_line(name)[:LONGEST_TITLE].strip() or otherwise


def unsaved_connections(names: SetupNames) -> ImportLine:
    """What is still to be done before the file can be used."""
    words = f"{names.helpdesk} and {names.pager} are names of connections that are still to be saved"
    cure = "docs/first-hour.md; --helpdesk and --pager name others"
    return ImportLine(fate=Fate.DIFFERS, what="connections", words=words, cure=cure)


def _used_people(setup: OnCallSetup) -> frozenset[str]:
    """Ids of those who are on a rota or paged by name: others cannot be on call, and need no way."""
    used = {person for rota in setup.rotas for layer in rota.layers for person in layer.people}
    used |= {override.person for rota in setup.rotas for override in rota.overrides}
    if any(rota.has_feed for rota in setup.rotas):
        used |= {person.id for person in setup.people}
    targets = [step.target for one in setup.escalations for step in one.steps]
    targets += [team.target for team in setup.teams if team.target is not None]
    return frozenset(used | {target.id for target in targets if target.kind is TargetKind.PERSON})


def _person(person: ToolPerson, key: str, wait: timedelta) -> dict[str, Any]:
    minutes = max(1, round(wait.total_seconds() / 60))
    section: dict[str, Any] = {
        "name": title_of(person.name, key),
        "reach": [{"way": f"{key}-mail", "wait": f"{minutes}m"}],
    }
    if person.mail:
        section["known_as"] = [person.mail]
    return section


def _person_line(person: ToolPerson, key: str) -> ImportLine:
    what = called("user", person.name)
    if not person.mail:
        words = f"the tool has no mail address; {key} is in the policy file, and its way {key}-mail reaches nobody"
        cure = "give that way an address in the roster's block, of whatever reaches them"
        return ImportLine(fate=Fate.LEFT, what=f"{what}, mail", words=words, cure=cure)
    words = f"as {key}; way {key}-mail"
    cure = f"give it an Apprise address in the roster's block, which reaches {person.mail}"
    return ImportLine(fate=Fate.TAKEN, what=what, words=words, cure=cure)


def _alone(escalation: ToolEscalation) -> ToolRota:
    """A rota with one person who always has it: only rotas say who is woken next."""
    layer = ToolLayer(
        id="", name=escalation.name, people=(escalation.steps[0].target.id,), first=_ANY_MONDAY, days=7
    )
    return ToolRota(id=f"escalation {escalation.id}", name=escalation.name, zone="Etc/UTC", layers=(layer,))


def _add_next_levels(
    sections: Mapping[str, dict[str, Any]], folded: FoldedEscalations, names: Mapping[ToolTarget, str]
) -> None:
    # Those who have it beside each other are a rota's then already; a rota that is named under another's then brings
    # nobody along, so they are named there, too.
    beside = {key: tuple(section.get("then", ())) for key, section in sections.items()}
    for rota, levels in folded.next_levels.items():
        first = names[ToolTarget(kind=TargetKind.ROTA, id=rota)]
        section = sections[first]
        then = dict.fromkeys(beside[first])
        for key in (names[one] for one in levels.then):
            then |= dict.fromkeys((key, *beside.get(key, ())))
        if then:
            section["then"] = list(then)
        section["rounds"] = levels.rounds


def _teams_and_services(
    setup: OnCallSetup, names: SetupNames, folded: FoldedEscalations, targets: Mapping[ToolTarget, str]
) -> tuple[dict[str, Any], dict[str, Any], list[ImportLine]]:
    lines: list[ImportLine] = []
    keys = Names()
    keyed: dict[str, str] = {}
    teams: dict[str, Any] = {}
    for team in setup.teams:
        target = _paged(team, folded, targets)
        if target is None:
            lines.append(_unpaged(team))
            continue
        keyed[team.id] = keys.name(team.name, otherwise=f"team-{team.id}")
        teams[keyed[team.id]] = {
            "title": title_of(team.name, keyed[team.id]),
            "pager": names.pager,
            "pager_target": target,
        }
        words = f"as {keyed[team.id]}, which pages {target} by {names.pager}"
        lines.append(ImportLine(fate=Fate.TAKEN, what=called("team", team.name), words=words))
        if _wakes_others_too(team, folded):
            words = f"it pages {target} alone there; here {target} wakes whoever an escalation of it wakes next, too"
            cure = f"copy {target} under another name, without then, and name that as its pager_target"
            lines.append(
                ImportLine(fate=Fate.DIFFERS, what=called("team", team.name), words=words, cure=cure)
            )
    if not teams and targets:
        first = next((key for one, key in targets.items() if one.kind is TargetKind.ROTA), None)
        target = first or next(iter(targets.values()))
        teams["on-call"] = {"title": "On call", "pager": names.pager, "pager_target": target}
        words = f"it has none that can be paged; team on-call pages {target}"
        lines.append(ImportLine(fate=Fate.DIFFERS, what="teams", words=words, cure="name your own"))
    return teams, _services(setup, teams, keyed, names, lines), lines


def _services(
    setup: OnCallSetup,
    teams: Mapping[str, Any],
    keyed: Mapping[str, str],
    names: SetupNames,
    lines: list[ImportLine],
) -> dict[str, Any]:
    keys = Names()
    services: dict[str, Any] = {}
    for service in setup.services:
        what = called("service", service.name)
        team = keyed.get(service.team)
        if team is None:
            words = "its team is not in the policy file" if service.team else "it has no team"
            cure = "add it under services, with the team that looks after it"
            lines.append(ImportLine(fate=Fate.LEFT, what=what, words=words, cure=cure))
            continue
        key = keys.name(service.name, otherwise=f"service-{service.id}")
        services[key] = {"title": title_of(service.name, key), "team": team}
        lines.append(ImportLine(fate=Fate.TAKEN, what=what, words=f"as {key}, of team {team}"))
    if not services and teams:
        team = next(iter(teams))
        services["everything"] = {"title": "Everything", "team": team}
        words = f"there is none that can be taken; service everything of team {team} stands for them"
        cure = "name what your customers use"
        lines.append(ImportLine(fate=Fate.DIFFERS, what="services", words=words, cure=cure))
    if teams:
        lines.append(unsaved_connections(names))
    return services


def _paged(team: ToolTeam, folded: FoldedEscalations, targets: Mapping[ToolTarget, str]) -> str | None:
    target = team.target
    if target is not None and target.kind is TargetKind.ESCALATION:
        target = folded.targets.get(target.id)
    return targets.get(target) if target is not None else None


def _wakes_others_too(team: ToolTeam, folded: FoldedEscalations) -> bool:
    target = team.target
    if target is None or target.kind is not TargetKind.ROTA:
        return False
    levels = folded.next_levels.get(target.id)
    return levels is not None and bool(levels.then)


def _unpaged(team: ToolTeam) -> ImportLine:
    words = (
        "nothing says whom to page for it" if team.target is None else "what it pages could not be taken over"
    )
    cure = "add it under teams, with a rota or a person as pager_target"
    return ImportLine(fate=Fate.LEFT, what=called("team", team.name), words=words, cure=cure)
