"""The policy beside the catalogue of services: what `liaison check` says of them, and `liaison catalog-import`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from blocks.connect import Connections
from incidents.policy.file import load_policy
from incidents.policy.policy import Policy
from incidents.ports import ServiceCatalog
from incidents.service_catalog.differences import differences
from incidents.service_catalog.section import CatalogSections, catalog_sections
from incidents.service_catalog.services import CatalogService
from tasks import resources


async def compared(policy: Policy, connection: str) -> str:
    """A line for each difference. Raises whatever the catalogue's calls raise."""
    found = list(differences(policy, await _services(connection)))
    if not found:
        return "the policy's services, their teams and what they depend on are as the catalogue has them"
    cure = "(change the one or the other, or name the service under catalog.ignore)"
    return "\n".join([f"{len(found)} differences to the policy {cure}", *found])


async def import_catalog(connection: str, policy: Path) -> CatalogSections:
    """The catalogue's services for this policy file. Nothing is changed on either side.

    Raises `PolicyError` for a policy file that cannot be used, `Refused` for a connection that is no catalogue, and
    whatever its calls raise.
    """
    for_policy = load_policy(policy)
    return catalog_sections(await _services(connection), for_policy)


async def _services(connection: str) -> list[CatalogService]:
    connections = Connections(resources.database)
    try:
        catalog = await connections.connect(connection, ServiceCatalog)
        return list(await catalog.services())
    finally:
        await connections.aclose()


def print_remarks(console: Console, sections: CatalogSections) -> None:
    """A line for each thing to look at."""
    for remark in sections.remarks:
        console.print(remark, markup=False, highlight=False, soft_wrap=True)
    console.print("Read the sections before you put them into the policy file.", markup=False)
