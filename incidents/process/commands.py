"""What is said in chat about which incident; and what concerns two of them, merging and splitting, is done here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.decisions.chat_answers import answer
from incidents.decisions.chat_rights import CheckedCommand
from incidents.decisions.merging.merge import Merging
from incidents.decisions.merging.words import WHAT, WHICH, read_merge, read_split
from incidents.effects import Effect
from incidents.errors import NotFound, Refused
from incidents.events import ChatCommand
from incidents.models import ChatVerb
from incidents.process.merging import merge
from incidents.process.splitting import split
from incidents.step import Step
from incidents.store.cases import incident_bound_to, incident_number, read_incident

_OF_TWO = frozenset({ChatVerb.MERGE, ChatVerb.SPLIT})


@dataclass(slots=True)
class SortedOut:
    """What came of commands to merge and to split: the incidents that have something to send now, and answers."""

    incidents: list[int] = field(default_factory=list)
    answers: list[Effect] = field(default_factory=list)


async def sort_out(
    step: Step, commands: Iterable[CheckedCommand]
) -> tuple[SortedOut, Sequence[CheckedCommand]]:
    """Merge and split as is asked for by those who may; whoever asked is told what came of it. Returns the other
    commands too."""
    found, others = SortedOut(), []
    for checked in commands:
        command = checked.command
        if command.verb not in _OF_TWO or checked.refusal is not None:
            others.append(checked)
            continue
        try:
            said = await (_merge if command.verb is ChatVerb.MERGE else _split)(step, command, found)
        except Refused as error:
            said = f"{error}."
        found.answers.append(answer(command, said, instance=step.instance, is_private=True))
    return found, others


async def _merge(step: Step, command: ChatCommand, found: SortedOut) -> str:
    pair = read_merge(command, await _room_of_incident(step.connection, command))
    if pair is None:
        raise Refused(WHICH)
    loser, survivor = (incident_number(name) for name in pair)
    done = await merge(step, loser, survivor, Merging(by=command.user))
    found.incidents += [done.loser, done.survivor]
    return done.said


async def _split(step: Step, command: ChatCommand, found: SortedOut) -> str:
    splitting, incident_id = read_split(command), await incident_of(step.connection, command)
    if splitting is None or incident_id is None:
        raise Refused(WHAT)
    done = await split(step, incident_id, splitting)
    found.incidents += [done.source, done.target]
    return done.said


async def incident_of(tx: AsyncConnection, command: ChatCommand) -> int | None:
    """The incident a command names, else the one whose room it was said in; the one that it was merged into, if it was.
    None if there is no such one. Of two that are to be merged, the one that ends."""
    here = await _room_of_incident(tx, command)
    named = command.incident
    if command.verb is ChatVerb.MERGE:
        pair = read_merge(command, here)
        named = None if pair is None else pair[0]
    if named is None:
        return here
    try:
        incident = await read_incident(tx, incident_number(named))
    except NotFound:
        return None
    return incident.merged_into or incident.id


async def _room_of_incident(tx: AsyncConnection, command: ChatCommand) -> int | None:
    return await incident_bound_to(tx, command.connection, "room", command.room_id)
