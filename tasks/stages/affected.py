"""Who uses what is broken, asked of the directory and the catalogue that the policy names. One that does not answer
stops nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.affected.listing import UsedService, list_affected, may_list, services_hit
from incidents.errors import LiaisonError, StoreFault
from incidents.ports import CustomerDirectory, ServiceCatalog
from incidents.process.deciding import decide
from incidents.service_catalog.services import CatalogService
from incidents.store.cases import load_case
from incidents.texts.team import team_reads, worded
from tasks import resources
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task

_WORDS = 300


@task(
    name="list affected customers",
    task_run_name="list affected customers of INC-{incident_id}",
    **OUTSIDE_CALL,
)
async def list_customers(incident_id: int) -> int:
    """List who uses it and has not written, and ask a person whether they may be told; how many were listed."""
    async with resources.transaction() as step:
        case = await load_case(step.connection, incident_id)
        if not may_list(case, step.basis):
            return 0
    basis = resources.basis()
    with team_reads(basis.policy.language.team):
        catalogue, unread = await _catalogue(basis)
        try:
            used = await _used(case, basis, catalogue)
            trouble = ""
        except StoreFault:
            raise
        except LiaisonError as error:
            used, trouble = [], str(error)[:_WORDS]
    async with resources.transaction() as step:

        def decision(seen: Case) -> Plan:
            plan = _unknown(seen, trouble) if trouble else list_affected(seen, used, step.basis)
            return replace(plan, entries=(*unread, *plan.entries))

        plan = await decide(step, incident_id, decision)
    return len(plan.affected)


async def _catalogue(basis: Basis) -> tuple[Sequence[CatalogService], Sequence[Entry]]:
    """What it has; nothing, and a line for the story, where it cannot be read."""
    name = basis.policy.catalog.connection
    if name is None:
        return (), ()
    try:
        return await (await resources.connect(name, ServiceCatalog)).services(), ()
    except StoreFault:
        raise
    except LiaisonError as error:
        text = worded(
            "What cannot do without it was taken from the policy alone: {error}", error=str(error)[:_WORDS]
        )
        return (), (Entry(kind=EntryKind.AFFECTED, text=text),)


async def _used(case: Case, basis: Basis, catalogue: Sequence[CatalogService]) -> list[UsedService]:
    name = basis.policy.customers.directory
    if name is None:
        return []
    directory = await resources.connect(name, CustomerDirectory)
    return [
        UsedService(why=f"{why} ({name})", users=await directory.users_of(service))
        for service, why in services_hit(case.incident.service, basis, catalogue)
    ]


def _unknown(case: Case, trouble: str) -> Plan:
    text = worded("Who uses it could not be looked up: {error}", error=trouble)
    return Plan(incident=case.incident, entries=(Entry(kind=EntryKind.AFFECTED, text=text),))
