"""Where the policy says something else than the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from incidents.policy.policy import Policy, Service
from incidents.service_catalog.services import CatalogService


def differences(policy: Policy, catalogue: Sequence[CatalogService]) -> Iterator[str]:
    """A sentence for each service of the policy that the catalogue does not know, or of which it says something else.

    Dependencies on what the policy does not name as a service (databases, libraries) are no difference.
    """
    known = {service.name.casefold(): service for service in catalogue}
    teams = policy.catalog.teams
    for name, ours in policy.services.items():
        if name in policy.catalog.ignore:
            continue
        theirs = known.get(name)
        if theirs is None:
            yield f"service {name}: the catalogue does not know it"
            continue
        owner = teams.get(theirs.owner, theirs.owner)
        if theirs.owner and owner != ours.team:
            yield f"service {name}: the policy's team is {ours.team}, the catalogue's owner {theirs.owner}"
        yield from _dependencies(name, ours, theirs, policy)


def _dependencies(name: str, ours: Service, theirs: CatalogService, policy: Policy) -> Iterator[str]:
    wanted = {one.casefold() for one in theirs.depends_on if one.casefold() in policy.services} - {name}
    for missing in sorted(wanted - set(ours.depends_on)):
        yield f"service {name}: by the catalogue it depends on {missing}, which its depends_on does not name"
    for more in sorted(set(ours.depends_on) - wanted):
        yield f"service {name}: it depends on {more} by the policy only"
