"""What is said in chat about which incident; and what is not one incident's alone (merging, linking) is done here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.commands.parsing import Ground, read
from incidents.commands.typed import Typed
from incidents.commands.verbs import Verb
from incidents.commands.words import Command, MergeInto, Mistake
from incidents.decisions.chat_answers import answer
from incidents.decisions.chat_rights import CheckedCommand
from incidents.decisions.commands.chat import asked_in_chat, meant
from incidents.effects import Effect
from incidents.errors import NotFound, Refused
from incidents.events import ChatCommand
from incidents.process.obeying.carrying_out import carry_out
from incidents.step import Step
from incidents.store.cases import incident_bound_to, incident_number, read_incident

_OF_SEVERAL = frozenset({Verb.ESCALATE, Verb.LINK, Verb.SPLIT, Verb.MERGE})


@dataclass(slots=True)
class SortedOut:
    """What came of commands about several incidents: those that have something to send now, and answers."""

    incidents: list[int] = field(default_factory=list)
    answers: list[Effect] = field(default_factory=list)


async def sort_out(
    step: Step, commands: Iterable[CheckedCommand]
) -> tuple[SortedOut, Sequence[CheckedCommand]]:
    """Do what those who may ask for that concerns more than one incident's case; whoever asked is told what came of
    it. Returns the other commands too."""
    found, others = SortedOut(), []
    for checked in commands:
        command = checked.command
        if command.verb not in _OF_SEVERAL or checked.refusal is not None:
            others.append(checked)
            continue
        wanted = meant(command, step.policy)
        said = (
            wanted.said if isinstance(wanted, Mistake) else await _carried_out(step, command, wanted, found)
        )
        found.answers.append(answer(command, said, instance=step.instance, is_private=True))
    return found, others


async def _carried_out(step: Step, command: ChatCommand, wanted: Command, found: SortedOut) -> str:
    number = await incident_of(step.connection, command)
    if number is None and command.incident is not None and command.verb is not Verb.MERGE:
        return f"There is no {command.incident}."
    try:
        done = await carry_out(step, asked_in_chat(command, wanted, incident=number))
    except Refused as error:
        return f"{error}."
    found.incidents += done.incidents
    return done.said


async def incident_of(tx: AsyncConnection, command: ChatCommand) -> int | None:
    """The incident a command names, else the one whose room it was said in; the one that it was merged into, if it was.
    None if there is no such one. Of two that are to be merged, the one that ends."""
    here = await incident_bound_to(tx, command.connection, "room", command.room_id)
    named = command.incident
    if command.verb is Verb.MERGE:
        wanted = read(Typed(verb=command.verb, incident=command.incident, text=command.text), Ground())
        named = _ends(wanted)
    if named is None:
        return here
    try:
        incident = await read_incident(tx, incident_number(named))
    except NotFound:
        return None
    return incident.merged_into or incident.id


def _ends(wanted: Command | Mistake) -> str | None:
    is_pair = isinstance(wanted, MergeInto) and len(wanted.named) == 2
    return f"INC-{wanted.named[0]}" if is_pair and isinstance(wanted, MergeInto) else None
