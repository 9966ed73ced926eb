"""`liaison sla-import`: a helpdesk's SLA policies, calendars and holidays as the section `sla` of the policy file.

The policy file itself is read, for its tiers, and never written.
"""

from __future__ import annotations

from pathlib import Path

from blocks.connect import Connections
from incidents.imports.report import Imported
from incidents.policy.file import load_policy
from incidents.ports import ServiceLevelSource
from incidents.sla_import.section import sla_section
from tasks import resources


async def import_service_levels(connection: str, policy: Path, *, schedule: str | None = None) -> Imported:
    """What the connection's helpdesk promises, for this policy file. Nothing is changed on either side.

    `schedule` is the name or id of the schedule that business hours count by where there are several. Raises
    `PolicyError` for a policy file that cannot be used, `Refused` for a connection that has no service levels, and
    whatever the helpdesk's calls raise.
    """
    for_policy = load_policy(policy)
    connections = Connections(resources.database)
    try:
        source = await connections.connect(connection, ServiceLevelSource)
        levels = await source.service_levels()
    finally:
        await connections.aclose()
    return sla_section(levels, for_policy, schedule=schedule)
