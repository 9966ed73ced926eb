"""A service catalogue as the sections `services` and `teams` of a policy file, to be read and pasted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from incidents.policy.policy import Policy
from incidents.policy.words import Name
from incidents.service_catalog.services import CatalogService

_NAME: TypeAdapter[str] = TypeAdapter(Name)
_MOST_TITLE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogSections:
    """`text` is YAML; `remarks` say what of the catalogue is not in it, and what is to be filled in."""

    text: str
    remarks: tuple[str, ...]


def catalog_sections(catalogue: Sequence[CatalogService], policy: Policy) -> CatalogSections:
    """Every service of the policy as it is, with the catalogue's team and dependencies; then the catalogue's others.

    A team that the policy does not know gets the first team's pager, and a remark.
    """
    remarks: list[str] = []
    named = {name: one for one in catalogue if (name := _name(one.name, "service", remarks)) is not None}
    services: dict[str, Any] = {
        name: service.model_dump(mode="json", exclude_unset=True)
        for name, service in policy.services.items()
        if name not in named
    }
    teams: dict[str, Any] = {
        name: team.model_dump(mode="json", exclude_unset=True) for name, team in policy.teams.items()
    }
    for name, one in sorted(named.items()):
        ours = policy.services.get(name)
        kept = {} if ours is None else ours.model_dump(mode="json", exclude_unset=True)
        team = _team(one, policy, remarks) or (ours.team if ours is not None else None)
        if team is None:
            remarks.append(f"service {name} is left out: the catalogue names no owner; add it by hand")
            continue
        if team not in teams:
            pager = next(iter(policy.teams.values())).pager
            teams[team] = {"title": team[:_MOST_TITLE], "pager": pager}
            remarks.append(
                f"team {team} is new: its pager is the first team's; correct pager and pager_target"
            )
        services[name] = {"title": (one.title or name)[:_MOST_TITLE], **kept, "team": team}
    for name, one in named.items():
        if name in services:
            needed = sorted(
                {need.casefold() for need in one.depends_on if need.casefold() in services} - {name}
            )
            services[name].pop("depends_on", None)
            if needed:
                services[name]["depends_on"] = needed
    text = yaml.safe_dump(
        {"services": services, "teams": teams}, sort_keys=False, allow_unicode=True, width=100
    )
    return CatalogSections(text=text, remarks=tuple(remarks))


def _team(service: CatalogService, policy: Policy, remarks: list[str]) -> str | None:
    if not service.owner:
        return None
    owner = policy.catalog.teams.get(service.owner, service.owner)
    return _name(owner, "team", remarks)


def _name(name: str, what: str, remarks: list[str]) -> str | None:
    try:
        return _NAME.validate_python(name.casefold())
    except ValidationError:
        remark = f"{what} {name} is left out: a policy's names have only small letters, digits, - and _"
        if remark not in remarks:
            remarks.append(remark)
        return None
