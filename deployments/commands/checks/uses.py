"""What the policy names a connection for: whether it is that at all, and what it says of each service now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from blocks.connect import fulfils
from incidents.alerts.acknowledging import AlertAcknowledger
from incidents.ports import (
    ActionRunner,
    AlertSource,
    ChatRoom,
    Connector,
    CustomerDirectory,
    Helpdesk,
    ImpactProbe,
    IssueTracker,
    Mailbox,
    Pager,
    ServiceCatalog,
)
from incidents.rehearsals.sandboxes import Markable
from incidents.status_page import StatusPage

SECONDS = 10.0
"""How long the looks of one connection may take together: `liaison check` waits for them."""
_STANDS = {True: "healthy", False: "failing", None: "cannot tell"}
# By the last word of the policy's key.
_WANTED: Mapping[str, tuple[type[Any], str]] = {
    "helpdesks": (Helpdesk, "a helpdesk"),
    "directory": (CustomerDirectory, "a directory of customers"),
    "connection": (ServiceCatalog, "a catalogue of services"),
    "probes": (ImpactProbe, "a probe"),
    "alerts": (AlertSource, "a source of alerts"),
    "acknowledge": (AlertAcknowledger, "a monitor whose problems can be acknowledged"),
    "actions": (ActionRunner, "an action"),
    "pager": (Pager, "a pager"),
    "ladder": (Pager, "a pager"),
    "lead": (Pager, "a pager"),
    "manager": (Pager, "a pager"),
    "alarm": (Pager, "a pager"),
    "by": (Mailbox, "what writes to customers who have no ticket: mail, or zendesk"),
    "chat": (ChatRoom, "a chat"),
    "status_page": (StatusPage, "a status page"),
    "tracker": (IssueTracker, "an issue tracker"),
}


def misuses(connector: Connector, keys: Sequence[str]) -> list[str]:
    """The policy's keys that want what the connector is not, each with what they want."""
    wanted = [(key, *_WANTED[key.rpartition(".")[2]]) for key in keys]
    return [f"{key} wants {words}" for key, port, words in wanted if not fulfils(connector, port)]


def sandbox_words(block: object) -> str:
    """A warning behind what is told of a connection in use that is marked as a sandbox; "" for all others."""
    if not isinstance(block, Markable) or not block.is_sandbox:
        return ""
    return "; MARKED is_sandbox, so a drill that goes by another policy may write to it: untick it if this is real work"


async def looks(connector: Connector, keys: Sequence[str], *, seconds: float = SECONDS) -> list[str]:
    """What it says of each service that has it as a probe, a line each. Raises what keeps it from being a probe."""
    services = [
        key.removeprefix("services.").removesuffix(".probes") for key in keys if key.endswith(".probes")
    ]
    if not services or not fulfils(connector, ImpactProbe):
        return []
    asked = {service: asyncio.create_task(_look(connector, service)) for service in services}
    _, late = await asyncio.wait(asked.values(), timeout=seconds)
    for task in late:
        task.cancel()
    lines = [task.result() for task in asked.values() if task not in late]
    return [*lines, *([f"{len(late)} services were not asked within {seconds:g} s"] if late else [])]


async def _look(probe: ImpactProbe, service: str) -> str:
    look = await probe.check(service, now=datetime.now(UTC))
    return f"{service}: {_STANDS[look.is_healthy]} ({look.summary})"
