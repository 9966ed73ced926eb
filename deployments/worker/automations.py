"""Registers the automations of prefect.yaml: what Prefect tells operators by itself, without anybody looking.

They send by the notification block that the operator has saved under `BLOCK`, of whatever kind; until there is one
they only show in Prefect's event feed. Of each automation three things are compared, as of a deployment's settings
(`operator_changes`): what was declared last, what the server has, what is declared now. What somebody changed, switched
off or deleted on the server stays so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.events.actions import DoNothing, SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from pydantic import BaseModel, ConfigDict

from deployments.worker.declarations import declarations
from deployments.worker.remembered import RegisteredBefore

BLOCK = "liaison-operators"
_DIGITS = 12
_NOT_COMPARED = {"id", "created", "updated", "owner_resource"}


class DeclaredAutomation(BaseModel):
    """One entry of `automations:`.

    `runs_of` has the tags of deployments of the same file whose runs are meant, `of_pools` says that their work pools
    are; `within` is the span in seconds in which it acts once; `for_each` parts what it counts. `subject` and `body`
    are Prefect's templates.
    """

    model_config = ConfigDict(extra="forbid")
    name: str
    description: str
    expect: list[str]
    match: dict[str, str | list[str]] = {}
    runs_of: list[str] = []
    of_pools: bool = False
    for_each: list[str] = []
    within: int
    subject: str
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What is remembered of an automation: hashes of what was declared, and of what the server made of it."""

    declared: str
    server: str

    @classmethod
    def read(cls, text: str) -> _Known:
        return cls(declared=text[:_DIGITS], server=text[_DIGITS:])

    def __str__(self) -> str:
        return f"{self.declared}{self.server}"


def declared_automations(file: Path) -> tuple[str, Sequence[DeclaredAutomation]]:
    """The project's name, and what the file declares. Raises `ValidationError` naming the key that is not known."""
    content: Mapping[str, Any] = yaml.safe_load(file.read_text())
    entries = [DeclaredAutomation.model_validate(entry) for entry in content.get("automations", [])]
    return str(content["name"]), entries


async def register_automations(client: PrefectClient, *, file: Path) -> Sequence[str]:
    """Make, change and delete what the file says; returns a line for what was kept, deleted, or tells nobody."""
    project, declared = declared_automations(file)
    memory = await RegisteredBefore.read(client, f"{project}_declared_automations")
    if not declared and not memory.values:
        return []
    block = await _operators_block(client)
    there: dict[str, Automation] = {}
    for one in await client.read_automations():
        there.setdefault(one.name, one)
    after: dict[str, str] = {}
    remarks: list[str] = []
    for entry in declared:
        wanted, known = _core(entry, file, block), memory.values.get(entry.name)
        remarks += await _bring_up_to_date(client, wanted, there.get(entry.name), known, after)
    for name in sorted(memory.values.keys() - {entry.name for entry in declared}):
        remarks += await _retire(client, name, there.get(name), memory.values[name])
    await memory.write(client, after)
    if declared and block is None:
        remarks.append(
            "automations tell nobody yet: save a notification block (Blocks in the Prefect UI: Slack, e-mail, ...)"
            f" under the name {BLOCK}, then run this again"
        )
    return remarks


async def _bring_up_to_date(
    client: PrefectClient,
    wanted: AutomationCore,
    there: Automation | None,
    known: str | None,
    after: dict[str, str],
) -> Sequence[str]:
    name, last = wanted.name, _Known.read(known) if known is not None else None
    if there is None:
        if last is not None:
            after[name] = str(last)
            return [f"{name}: stays deleted, as somebody deleted it"]
        after[name] = await _remembered(client, wanted, await client.create_automation(wanted))
        return []
    if last is None or last.server != _hash(there):
        after[name] = str(last) if last is not None else str(_Known(declared=_hash(wanted), server=""))
        off = "" if there.enabled else ", and switched off"
        return [f"{name}: kept as changed on the server{off}"]
    if last.declared == _hash(wanted):
        after[name] = str(last)
        return []
    await client.update_automation(there.id, wanted)
    after[name] = await _remembered(client, wanted, there.id)
    return []


async def _remembered(client: PrefectClient, wanted: AutomationCore, made: UUID) -> str:
    found = await client.read_automation(made)
    return str(_Known(declared=_hash(wanted), server=_hash(found) if found is not None else ""))


async def _retire(client: PrefectClient, name: str, there: Automation | None, known: str) -> Sequence[str]:
    if there is None:
        return []
    if _Known.read(known).server != _hash(there):
        return [f"{name}: declared no longer, and kept as changed on the server"]
    await client.delete_automation(there.id)
    return [f"{name}: deleted, prefect.yaml declares it no longer"]


def _core(entry: DeclaredAutomation, file: Path, block: UUID | None) -> AutomationCore:
    related: dict[str, str | list[str]] = {}
    match = dict(entry.match)
    deployments = declarations(file)
    if entry.of_pools:
        pools = sorted({one.work_pool.name for one in deployments})
        match |= {"prefect.resource.id": "prefect.work-pool.*", "prefect.resource.name": pools}
    if entry.runs_of:
        names = [one.name for one in deployments if set(one.tags) & set(entry.runs_of)]
        related = {"prefect.resource.role": "deployment", "prefect.resource.name": names}
    trigger = EventTrigger(
        posture=Posture.Reactive,
        expect=set(entry.expect),
        match=ResourceSpecification(match),
        match_related=ResourceSpecification(related),
        for_each=set(entry.for_each),
        threshold=1,
        within=timedelta(seconds=entry.within),
    )
    action = (
        DoNothing()
        if block is None
        else SendNotification(block_document_id=block, subject=entry.subject, body=entry.body)
    )
    return AutomationCore(
        name=entry.name, description=entry.description, enabled=True, trigger=trigger, actions=[action]
    )


async def _operators_block(client: PrefectClient) -> UUID | None:
    """The notification block that operators have saved for this, if they have."""
    found = await client.request(
        "POST",
        "/block_documents/filter",
        json={
            "block_documents": {"is_anonymous": {"eq_": False}},
            "block_schemas": {"block_capabilities": {"all_": ["notify"]}},
            "include_secrets": False,
        },
    )
    return next((UUID(one["id"]) for one in found.json() if one["name"] == BLOCK), None)


def _hash(automation: AutomationCore) -> str:
    said = _sorted(automation.model_dump(mode="json", exclude=_NOT_COMPARED))
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:_DIGITS]


def _sorted(value: Any) -> Any:
    """Without the order of what has none, and without the ids that a server gives to triggers."""
    if isinstance(value, Mapping):
        return {key: _sorted(inner) for key, inner in value.items() if key != "id"}
    if isinstance(value, list):
        inner = [_sorted(one) for one in value]
        return sorted(inner) if all(isinstance(one, str) for one in inner) else inner
    return value
