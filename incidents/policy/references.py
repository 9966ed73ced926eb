"""What a policy points to must be there: teams, services, helpdesks, tiers, calendars named by other parts.

Works on plain data and forgives any shape, so that it finds dangling references even in a file whose other
parts are wrong too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from incidents.policy.rotas import ROSTER
from incidents.sla.calendars import ALWAYS
from incidents.texts.plain_text import did_you_mean

Path = tuple[str | int, ...]

DANGLING = "dangling_reference"
"""The pydantic error type under which a `Policy` made in code reports dangling references."""


def dangling_references(policy: Any) -> Iterator[tuple[Path, str]]:
    """The path of each reference to something that is not there, and what to do about it."""
    services, teams = _mapping(policy, "services"), _mapping(policy, "teams")
    helpdesks = [name for name in _sequence(policy, "helpdesks") if isinstance(name, str)]
    for name, service in services.items():
        yield from _check(_get(service, "team"), ("services", name, "team"), "team", teams)
        for index, other in enumerate(_sequence(service, "depends_on")):
            yield from _check(other, ("services", name, "depends_on", index), "service", services)
        yield from _actions_hours(name, service, _get(policy, "sla"))
    for number, rule in enumerate(_sequence(policy, "routing")):
        yield from _check(_get(rule, "service"), ("routing", number, "service"), "service", services)
        for index, connection in enumerate(_sequence(rule, "connection")):
            yield from _check(connection, ("routing", number, "connection", index), "helpdesk", helpdesks)
    yield from _sla_references(_get(policy, "sla"), _mapping(policy, "tiers"))
    owed = _mapping(_get(_get(policy, "review"), "credits"), "tiers")
    for tier in owed:
        yield from _check(tier, ("review", "credits", "tiers", tier), "tier", _mapping(policy, "tiers"))
    surge = _get(_get(policy, "insights"), "surge")
    yield from _check(_get(surge, "service"), ("insights", "surge", "service"), "service", services)
    yield from _people_to_tell(_get(policy, "sla"), services, teams)
    yield from _on_call(_mapping(policy, "people"), _mapping(policy, "rotas"))
    yield from _paged_by_roster(teams, _mapping(policy, "people"), _mapping(policy, "rotas"))
    yield from _owners_shifts(_get(policy, "ownership"), _get(policy, "sla"), _mapping(policy, "rotas"))


def _check(
    name: Any, path: Path, kind: str, known: Mapping[Any, Any] | Sequence[str]
) -> Iterator[tuple[Path, str]]:
    if isinstance(name, str) and name not in known:
        yield path, f"there is no {kind} {name!r}" + did_you_mean(name, [str(key) for key in known])


def _actions_hours(name: Any, service: Any, sla: Any) -> Iterator[tuple[Path, str]]:
    calendars = [*_mapping(sla, "calendars"), ALWAYS.name]
    for index, action in enumerate(_sequence(service, "actions")):
        here: Path = ("services", name, "actions", index, "only_if", "calendar")
        yield from _check(_get(_get(action, "only_if"), "calendar"), here, "calendar", calendars)


def _sla_references(sla: Any, tiers: Mapping[Any, Any]) -> Iterator[tuple[Path, str]]:
    calendars = [*_mapping(sla, "calendars"), ALWAYS.name]
    for number, promise in enumerate(_sequence(sla, "policies")):
        here: Path = ("sla", "policies", number)
        yield from _check(_get(promise, "calendar"), (*here, "calendar"), "calendar", calendars)
        tier = _get(_get(promise, "when"), "tier")
        for index, name in enumerate(_listed(tier)):
            yield from _check(name, (*here, "when", "tier", index), "tier", tiers)


def _owners_shifts(ownership: Any, sla: Any, rotas: Mapping[Any, Any]) -> Iterator[tuple[Path, str]]:
    calendars = [*_mapping(sla, "calendars"), ALWAYS.name]
    yield from _check(_get(ownership, "calendar"), ("ownership", "calendar"), "calendar", calendars)
    for number, shift in enumerate(_sequence(ownership, "shifts")):
        here: Path = ("ownership", "shifts", number)
        yield from _check(_get(shift, "calendar"), (*here, "calendar"), "calendar", calendars)
        rota = _get(shift, "rota")
        yield from _check(rota, (*here, "rota"), "rota", rotas)
        if isinstance(rota, str) and _get(rotas.get(rota), "feed"):
            yield (
                (*here, "rota"),
                f"the rota {rota!r} has a feed, which owners' shifts cannot go by: use its layers",
            )


def _people_to_tell(
    sla: Any, services: Mapping[Any, Any], teams: Mapping[Any, Any]
) -> Iterator[tuple[Path, str]]:
    """Teams without the lead or manager that a ladder wants told."""
    ladders = [_sequence(sla, "ladder"), *(_sequence(one, "ladder") for one in _sequence(sla, "policies"))]
    acts = {str(act) for ladder in ladders for step in ladder for act in _listed(_get(step, "do"))}
    looking_after = {_get(service, "team") for service in services.values()}
    for act, who in (("tell_lead", "lead"), ("tell_manager", "manager")):
        for name, team in teams.items():
            if act in acts and name in looking_after and _get(team, who) is None:
                cure = f"add {who}: {{title: ..., pager_target: ...}}, or take {act} out of the ladder"
                yield ("teams", name), f"the SLA's ladder has {act}, but this team has no {who}; {cure}"


def _on_call(people: Mapping[Any, Any], rotas: Mapping[Any, Any]) -> Iterator[tuple[Path, str]]:
    """People and rotas that rotas name."""
    for name, rota in rotas.items():
        here: Path = ("rotas", name)
        if name in people:
            yield (
                here,
                f"{name!r} is a person, too, and a page could mean either; call the rota something else",
            )
        for number, layer in enumerate(_sequence(rota, "layers")):
            for index, person in enumerate(_sequence(layer, "people")):
                yield from _check(person, (*here, "layers", number, "people", index), "person", people)
        for number, override in enumerate(_sequence(rota, "overrides")):
            yield from _check(
                _get(override, "person"), (*here, "overrides", number, "person"), "person", people
            )
        for index, other in enumerate(_sequence(rota, "then")):
            yield from _check(other, (*here, "then", index), "rota or person", [*rotas, *people])


def _paged_by_roster(
    teams: Mapping[Any, Any], people: Mapping[Any, Any], rotas: Mapping[Any, Any]
) -> Iterator[tuple[Path, str]]:
    """What teams and their next levels page by our own pager must be a rota or a person."""
    for name, team in teams.items():
        pager, here = _get(team, "pager"), ("teams", name)
        paged: list[tuple[Path, Any]] = [(here, team)]
        paged += [((*here, who), _get(team, who)) for who in ("lead", "manager") if _get(team, who)]
        paged += [((*here, "ladder", index), rung) for index, rung in enumerate(_sequence(team, "ladder"))]
        for path, one in paged:
            target, by = _get(one, "pager_target"), _get(one, "pager") or pager
            if not isinstance(by, str) or not by.startswith(f"{ROSTER}/"):
                continue
            if target:
                yield from _check(target, (*path, "pager_target"), "rota or person", [*rotas, *people])
            elif len(rotas) != 1:
                yield path, f"{by} must know whom to page; add pager_target: and the name of a rota"


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _get(data: Any, key: str) -> Any:
    return data.get(key) if isinstance(data, Mapping) else None


def _mapping(data: Any, key: str) -> Mapping[Any, Any]:
    value = _get(data, key)
    return value if isinstance(value, Mapping) else {}


def _sequence(data: Any, key: str) -> Sequence[Any]:
    value = _get(data, key)
    return value if isinstance(value, list) else []
