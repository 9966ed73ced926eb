"""`liaison sla-import`: a helpdesk's SLA policies, calendars and holidays as the section `sla` of the policy file.

The policy file itself is read, for its tiers, and never written.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from blocks.connect import Connections
from incidents.errors import Refused
from incidents.policy.file import load_policy
from incidents.ports import ServiceLevelSource
from incidents.sla_import.report import Fate
from incidents.sla_import.section import Imported, sla_section
from tasks import resources

_STYLES = {Fate.TAKEN: "green", Fate.DIFFERS: "yellow", Fate.LEFT: "red"}


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


def save_new(text: str, path: Path) -> None:
    """Write a file that was not there. Raises `Refused` if it is, or cannot be written: nothing is overwritten."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise Refused(f"{path} is there already; choose another name, or move it away") from error
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error


def print_report(console: Console, imported: Imported) -> None:
    """A line for each thing, then how many there were of each sort."""
    for line in imported.lines:
        console.print(f"{line.fate:<8}", style=_STYLES[line.fate], end="  ", markup=False)
        console.print(line.text, markup=False, highlight=False, soft_wrap=True)
    counts = ", ".join(f"{imported.count(fate)} {fate}" for fate in Fate)
    console.print(f"{counts}. Read it before you put the section into the policy file.", markup=False)
